package io.planish.standalone;

import java.io.IOException;
import java.security.Principal;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.sasl.AuthorizeCallback;
import javax.security.sasl.SaslException;
import javax.security.sasl.SaslServer;
import org.infinispan.server.core.security.SubjectUserInfo;
import org.infinispan.server.core.security.sasl.AuthorizingCallbackHandler;
import org.infinispan.server.core.security.sasl.SaslAuthenticator;
import org.infinispan.server.core.security.sasl.SubjectSaslServer;
import org.wildfly.security.password.WildFlyElytronPasswordProvider;
import org.wildfly.security.sasl.scram.ScramSaslServerFactory;

/** Lets one user of the grid in, by SCRAM. */
final class ScramUser implements SaslAuthenticator {
    private final Security security;

    ScramUser(Security security) {
        this.security = security;
    }

    @Override
    public SaslServer createSaslServer(
            String mechanism,
            List<Principal> principals,
            String protocol,
            String serverName,
            Map<String, String> properties)
            throws SaslException {
        Handler handler = new Handler(security);
        SaslServer scram = new ScramSaslServerFactory(WildFlyElytronPasswordProvider.getInstance())
                .createSaslServer(mechanism, protocol, serverName, properties, handler);
        return new SubjectSaslServer(scram, principals, handler);
    }

    /** Answers of one connection. */
    private record Handler(Security security) implements AuthorizingCallbackHandler {
        @Override
        public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
            for (Callback callback : callbacks) {
                switch (callback) {
                    case NameCallback name -> {
                        if (!security.user().equals(name.getDefaultName())) {
                            throw new IOException("there is no such user");
                        }
                    }
                    case PasswordCallback password ->
                        password.setPassword(security.password().toCharArray());
                    case AuthorizeCallback authorize ->
                        authorize.setAuthorized(authorize.getAuthenticationID().equals(authorize.getAuthorizationID()));
                    default -> throw new UnsupportedCallbackException(callback);
                }
            }
        }

        @Override
        public SubjectUserInfo getSubjectUserInfo(Collection<Principal> principals) {
            Subject subject = new Subject();
            subject.getPrincipals().addAll(principals);
            return new Known(security.user(), subject);
        }
    }

    /** Who is on the other end of one connection. */
    private record Known(String name, Subject subject) implements SubjectUserInfo {
        @Override
        public String getUserName() {
            return name;
        }

        @Override
        public Collection<Principal> getPrincipals() {
            return subject.getPrincipals();
        }

        @Override
        public Subject getSubject() {
            return subject;
        }
    }
}
