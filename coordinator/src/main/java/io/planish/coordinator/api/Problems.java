package io.planish.coordinator.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.planish.ImageException;
import io.planish.coordinator.request.PlanMaker;
import io.planish.ledger.LedgerException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns what goes wrong in a call into a problem that names it. */
final class Problems {
    @ServerExceptionMapper
    Response problem(ProblemException e) {
        return Problem.response(e.status(), message(e));
    }

    @ServerExceptionMapper
    Response unreadable(JsonProcessingException e) {
        Throwable cause = e.getCause() instanceof IllegalArgumentException ? e.getCause() : e;
        return Problem.response(
                Response.Status.BAD_REQUEST,
                cause == e ? "the body cannot be read: " + e.getOriginalMessage() : message(cause));
    }

    @ServerExceptionMapper
    Response wrong(IllegalArgumentException e) {
        return Problem.response(Response.Status.BAD_REQUEST, message(e));
    }

    @ServerExceptionMapper
    Response unplannable(PlanMaker.NoPlanException e) {
        return Problem.response(Response.Status.CONFLICT, message(e));
    }

    @ServerExceptionMapper
    Response ledgerAway(LedgerException e) {
        return Problem.response(Response.Status.SERVICE_UNAVAILABLE, message(e));
    }

    @ServerExceptionMapper
    Response poolAway(ImageException e) {
        return Problem.response(Response.Status.SERVICE_UNAVAILABLE, message(e));
    }

    @ServerExceptionMapper
    Response other(WebApplicationException e) {
        Response.StatusType status = e.getResponse().getStatusInfo();
        Throwable cause = e.getCause();
        if (cause instanceof JsonProcessingException json) {
            return unreadable(json);
        }
        return Problem.response(status, message(e));
    }

    private static String message(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
