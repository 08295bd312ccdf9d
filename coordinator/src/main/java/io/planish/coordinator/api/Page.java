package io.planish.coordinator.api;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;

/** Part of a list, with how long the whole is and where the next part is (RFC 8288) in its headers. */
final class Page {
    static final String TOTAL = "X-Total-Count";

    private Page() {}

    /** @throws IllegalArgumentException if {@code offset} or {@code limit} cannot be */
    static Response of(List<?> all, int offset, int limit, int mostAtOnce, UriInfo uri) {
        if (offset < 0 || limit < 1 || limit > mostAtOnce) {
            throw new IllegalArgumentException("offset is " + offset + " and limit is " + limit
                    + ", but must be at least 0, and 1 to " + mostAtOnce);
        }
        int from = Math.min(offset, all.size());
        int to = (int) Math.min((long) from + limit, all.size());
        Response.ResponseBuilder page = Response.ok(all.subList(from, to)).header(TOTAL, all.size());
        if (to < all.size()) {
            page.link(
                    uri.getRequestUriBuilder()
                            .replaceQueryParam("offset", to)
                            .replaceQueryParam("limit", limit)
                            .build(),
                    "next");
        }
        return page.build();
    }
}
