package io.planish.engine;

import io.planish.storage.ImageFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Read a batch back side by side: the disk gives more to several readers than to one. */
final class BatchVerifiers {
    private final ImageFile target;
    private final Helpers helpers;
    private final List<BatchVerifier> verifiers = new ArrayList<>();

    /** Opens the chain that is merged once more for each reader. */
    interface Opening {
        OpenChain open() throws IOException;
    }

    BatchVerifiers(ImageFile target, Helpers helpers, int count, Opening opening) throws IOException {
        this.target = target;
        this.helpers = helpers;
        while (verifiers.size() < count) {
            verifiers.add(new BatchVerifier(opening.open().view()));
        }
    }

    /** Begins to compare; what is found is thrown where the helpers are waited for. */
    void verifyData(List<MergeBatch.Written> written) throws IOException {
        int share = Math.ceilDiv(written.size(), verifiers.size());
        for (int i = 0; i * share < written.size(); i++) {
            BatchVerifier verifier = verifiers.get(i);
            List<MergeBatch.Written> part = written.subList(i * share, Math.min(written.size(), (i + 1) * share));
            helpers.run(() -> verifier.verifyData(target, part));
        }
    }

    /** Not every filesystem drops what was written past the page cache; nobody else uses the target. */
    void leavePageCache(List<MergeBatch.Written> written) throws IOException {
        for (MergeBatch.Written one : written) {
            if (!one.cloned() && !one.isZero()) {
                target.dropCache(one.hostOffset(), one.piece().lengthBytes());
            }
        }
    }
}
