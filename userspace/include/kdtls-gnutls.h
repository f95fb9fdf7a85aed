/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * libkdtls-gnutls: from a finished GnuTLS DTLS 1.2 handshake to a UDP socket
 * whose records are made and opened by the kernel.
 *
 *	gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_DATAGRAM);
 *	gnutls_transport_set_int(session, fd);	connected UDP socket
 *	kdtls_gnutls_tap(session, NULL, &tap);	before the handshake
 *	gnutls_handshake(session);
 *	kdtls_gnutls_attach(tap, fd, NULL, &k);	keys go into the kernel
 *	gnutls_deinit(session);			the fd stays open
 *	kdtls_gnutls_tap_free(tap);
 *	kdtls_send(), kdtls_recv(), poll() ...
 *
 * Of TLS over TCP only OpenSSL hands over: see kdtls.h.
 *
 * A session belongs to one thread at a time, and so does its tap. For the rest
 * see kdtls-core.h.
 */
#ifndef KDTLS_GNUTLS_H
#define KDTLS_GNUTLS_H

#include <kdtls-core.h>
#include <gnutls/gnutls.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct kdtls_gnutls_tap - what watches a session */
struct kdtls_gnutls_tap;

/**
 * struct kdtls_gnutls_transport - how a session reaches its peer
 * @size: sizeof(struct kdtls_gnutls_transport)
 * @push: as for gnutls_transport_set_push_function(): one datagram
 * @pull: as for gnutls_transport_set_pull_function(): one datagram
 * @pull_timeout: as for gnutls_transport_set_pull_timeout_function()
 * @ptr: what these are given
 */
struct kdtls_gnutls_transport {
	size_t size;
	gnutls_push_func push;
	gnutls_pull_func pull;
	gnutls_pull_timeout_func pull_timeout;
	gnutls_transport_ptr_t ptr;
};

/**
 * kdtls_gnutls_tap() - watch a session, so that it can be handed over later
 * @session: GNUTLS_DATAGRAM, its handshake not begun (on a server
 *	gnutls_dtls_cookie_verify() may have accepted the first ClientHello)
 * @transport: the application's own functions, or NULL: the sockets that
 *	gnutls_transport_set_int() or gnutls_transport_set_int2() set. GnuTLS tells
 *	nobody which functions a session has, so this is where they are given
 * @out: the tap, to be freed with kdtls_gnutls_tap_free()
 *
 * Puts functions of the tap into the session. They note which protected records
 * arrive, from which kdtls_gnutls_attach() knows what to refuse as replayed, and
 * the last flight of the handshake. A session that is never handed over may keep
 * the tap. Do not set the transport again. Memory: at most 128 KiB.
 *
 * Should that be full of records that can't be judged yet (somebody is flooding
 * a handshake) further ones are dropped, as a network may.
 *
 * Return: 0; -EINVAL: @transport, or the session has no sockets; -EALREADY: the
 * handshake has begun; -ENOMEM.
 */
int kdtls_gnutls_tap(gnutls_session_t session,
		     const struct kdtls_gnutls_transport *transport,
		     struct kdtls_gnutls_tap **out);

/**
 * kdtls_gnutls_tap_free() - after gnutls_deinit()
 * @tap: NULL does nothing
 *
 * What was handed over isn't touched.
 */
void kdtls_gnutls_tap_free(struct kdtls_gnutls_tap *tap);

/**
 * kdtls_gnutls_attach() - hand a finished handshake over to the kernel
 * @tap: of the session: DTLS 1.2, with an AEAD cipher suite that the kernel knows
 * @fd: the connected UDP socket; stays the caller's. It may have been attached
 *	before (DTLS_SO_ULP), without keys
 * @opts: NULL for the defaults
 * @out: the new object, to be freed with kdtls_free()
 *
 * Afterwards the kernel encrypts and decrypts on @fd, and the session can do
 * neither any more (GNUTLS_E_PUSH_ERROR, GNUTLS_E_PULL_ERROR); it may be ended by
 * gnutls_deinit() at once. What it had received but not yet given to the
 * application is kept, in order, and comes first out of kdtls_recv(): see
 * kdtls_pending(). If it sent the last flight of the handshake, that's kept for a
 * peer that missed it: see kdtls_recv().
 *
 * A call that fails leaves the session usable as before (a few sequence numbers
 * may have been skipped, and @fd may be attached, without keys: it works as plain
 * UDP). One failure is final: if the kernel took
 * the sending key and then refused the receiving one (for want of memory),
 * -EKEYREJECTED is returned, the session can do nothing and @fd can only be
 * closed. kdtls_error_text() says what was wrong.
 *
 * Return: 0, or
 * -EINVAL: @opts; -EBADF, -ENOTSOCK, -ENOTCONN: @fd; -EPROTOTYPE: @fd isn't a UDP
 * socket; -EPROTONOSUPPORT: not DTLS 1.2; -EOPNOTSUPP: a cipher suite that the
 * kernel doesn't take, or an option of @fd stands against it; -EPERM: a CCM_8
 * suite, and KDTLS_ALLOW_CCM_8 isn't set; -EINPROGRESS: the handshake isn't
 * finished, or is being repeated; -EPROTO: there was another handshake;
 * -ESHUTDOWN: the session was handed over already; -EBADMSG: the keys found don't
 * open the session's records; -EIO: the tap or GnuTLS failed; -ENOPROTOOPT: the
 * kernel has no DTLS (modprobe dtls); -ENOENT: it lacks the cipher; -EBUSY: the
 * socket has an owner or keys already; -ENOMEM; -EKEYREJECTED: see above.
 */
int kdtls_gnutls_attach(struct kdtls_gnutls_tap *tap, int fd,
			const struct kdtls_options *opts, struct kdtls **out);

#ifdef __cplusplus
}
#endif

#endif /* KDTLS_GNUTLS_H */
