package io.planish.coordinator.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import io.planish.ImageException;
import io.planish.coordinator.request.PlanMaker;
import io.planish.job.Json;
import io.planish.ledger.LedgerException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns what goes wrong in a call into a problem that names it. */
final class Problems {
    private static final Logger LOG = Logger.getLogger(Problems.class);

    @ServerExceptionMapper
    Response problem(ProblemException e) {
        return Problem.response(e.status(), message(e));
    }

    @ServerExceptionMapper
    Response unreadable(JsonProcessingException e) {
        return Problem.response(
                Response.Status.BAD_REQUEST,
                e.getCause() instanceof IllegalArgumentException cause
                        ? message(cause)
                        : "the body cannot be read: " + Json.message(e));
    }

    /** Quarkus has a mapper of its own for these, which only says that something is wrong. */
    @ServerExceptionMapper
    Response mismatched(MismatchedInputException e) {
        return unreadable(e);
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

    /** A fault of ours: what it is belongs into the log, not to whoever calls. */
    @ServerExceptionMapper
    Response unexpected(Exception e) {
        LOG.error("a call broke off", e);
        return Problem.response(
                Response.Status.INTERNAL_SERVER_ERROR, "the call broke off; the coordinator's log says where");
    }

    private static String message(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
