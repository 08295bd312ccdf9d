package io.planish.coordinator.api;

import jakarta.ws.rs.core.Response;

/** A call that cannot be answered as asked. */
final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Response.Status status;

    private ProblemException(Response.Status status, String detail) {
        super(detail);
        this.status = status;
    }

    static ProblemException notFound(String detail) {
        return new ProblemException(Response.Status.NOT_FOUND, detail);
    }

    static ProblemException conflict(String detail) {
        return new ProblemException(Response.Status.CONFLICT, detail);
    }

    Response.Status status() {
        return status;
    }
}
