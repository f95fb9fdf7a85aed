// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "context.h"
#include "handshake.h"
#include "peer.h"

static void open_socket(struct peer *peer, const char *host, const char *port)
{
	const char *wrong = endpoint_find(&peer->server, host, port, 0);

	if (wrong)
		fail(ENDING_USAGE, "%s port %s: %s", host, port, wrong);
	peer->fd = socket(peer->server.addr.ss_family,
			  SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 ||
	    connect(peer->fd, (struct sockaddr *)&peer->server.addr,
		    peer->server.len))
		fail(peer_ending(errno), "%s: %s", peer->server.text,
		     strerror(errno));
}

static void open_ssl(struct peer *peer, const struct peer_options *opt,
		     SSL_CTX *ctx, const char *name)
{
	peer->ssl = SSL_new(ctx);
	if (!peer->ssl)
		fail(ENDING_SYSTEM, "%s", context_reason(ENOMEM));
	if (!handshake_name(peer->ssl, name) ||
	    (!opt->credentials.insecure && !handshake_verify(peer->ssl, name)))
		fail(ENDING_USAGE, "--servername %s: %s", name,
		     context_reason(EINVAL));
	if (endpoint_talk(&peer->server, peer->ssl, peer->fd) ||
	    kdtls_tap(peer->ssl))
		fail(ENDING_SYSTEM, "%s", kdtls_error_text());
}

__attribute__((noreturn)) static void fail_verification(const struct peer *peer,
							long verified)
{
	if (verified == X509_V_ERR_HOSTNAME_MISMATCH ||
	    verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
		fail(ENDING_REFUSED,
		     "%s: its certificate has another name: write the one it has as --servername, if that's it",
		     peer->server.text);
	fail(ENDING_REFUSED,
	     "%s: its certificate: %s: name its authority by --ca, or take it unseen by --insecure",
	     peer->server.text, X509_verify_cert_error_string(verified));
}

__attribute__((noreturn)) static void fail_handshake(
	const struct peer *peer, const struct peer_options *opt, int err,
	int error)
{
	long verified = SSL_get_verify_result(peer->ssl);
	bool is_alert = ERR_GET_REASON(ERR_peek_error()) >=
			SSL_AD_REASON_OFFSET;

	if (err == -ETIMEDOUT)
		fail(ENDING_NO_ANSWER, "%s: no answer in %u seconds%s",
		     peer->server.text, opt->timeout,
		     opt->credentials.psk ?
			     ": the key has to be the same on both ends (--psk)" :
			     "");
	if (verified != X509_V_OK && !opt->credentials.insecure)
		fail_verification(peer, verified);
	if (!ERR_peek_error() && error)
		fail(peer_ending(error), "%s: %s%s", peer->server.text,
		     strerror(error),
		     error == ECONNREFUSED ? ": nobody listens there" : "");
	fail(ENDING_REFUSED, "%s: %s%s", peer->server.text,
	     is_alert ? "it refuses us: " : "", context_reason(error));
}

void peer_connect(struct peer *peer, const struct peer_options *opt,
		  SSL_CTX *ctx, const char *host, const char *port)
{
	int err;

	*peer = (struct peer) { 0 };
	open_socket(peer, host, port);
	open_ssl(peer, opt, ctx, opt->servername ? opt->servername : host);
	err = handshake_run(peer->ssl, peer->fd,
			    now_ms() + opt->timeout * 1000LL);
	if (err)
		fail_handshake(peer, opt, err, errno);
	peer->suite = SSL_get_cipher_name(peer->ssl);
}

void peer_attach(struct peer *peer, const struct peer_options *opt)
{
	struct kdtls_options how = credentials_attach(&opt->credentials);
	int err = kdtls_attach(peer->ssl, peer->fd, &how, &peer->k);

	if (err)
		fail(credentials_ending(err), "%s", kdtls_error_text());
	SSL_free(peer->ssl);
	peer->ssl = NULL;
}

void peer_close(struct peer *peer)
{
	SSL_free(peer->ssl);
	kdtls_free(peer->k);
	close(peer->fd);
}

enum ending peer_ending(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ETIMEDOUT:
		return ENDING_NO_ANSWER;
	}
	return ending_of(error);
}
