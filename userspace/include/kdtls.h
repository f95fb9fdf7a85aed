/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * libkdtls: from a finished OpenSSL handshake, DTLS 1.2 over UDP, or TLS 1.2 or
 * 1.3 over TCP, to a socket whose records are made and opened by the kernel.
 *
 *	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
 *	bio = BIO_new_dgram(fd, BIO_NOCLOSE);	connected UDP socket
 *	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
 *	SSL_set_bio(ssl, bio, bio);		or of TCP: SSL_set_fd(ssl, fd)
 *	kdtls_tap(ssl);				before the handshake
 *	SSL_connect(ssl) or SSL_accept(ssl);
 *	kdtls_attach(ssl, fd, NULL, &k);	keys go into the kernel
 *	SSL_free(ssl);				the fd stays open
 *	kdtls_send(), kdtls_recv(), poll() ...
 *	kdtls_close_notify(k);
 *	kdtls_free(k);
 *	close(fd);
 *
 * An SSL belongs to one thread at a time, kdtls_attach() included. For the rest
 * see kdtls-core.h.
 */
#ifndef KDTLS_H
#define KDTLS_H

#include <kdtls-core.h>
#include <openssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * kdtls_tap() - watch an SSL, so that it can be handed over later
 * @ssl: with its BIOs set, and its handshake not begun (on a server
 *	DTLSv1_listen() may have accepted the first ClientHello already)
 *
 * Puts a filter in front of the read and the write BIO. It notes which
 * protected records arrive, from which kdtls_attach() knows what to refuse as
 * replayed. It belongs to the SSL and goes with it; an SSL that is never handed
 * over may keep it. Do not replace the BIOs afterwards. Memory: at most 64 KiB.
 *
 * Should that be full of records that can't be judged yet (somebody is flooding
 * a handshake) further ones are dropped, as a network may.
 *
 * Of TLS it counts the records both ways and keeps the last of each, and it
 * never gives OpenSSL a byte beyond the record that's due, whatever
 * SSL_set_read_ahead() says. OpenSSL's own way into the kernel
 * (SSL_OP_ENABLE_KTLS) isn't taken. The traffic secrets of TLS 1.3 OpenSSL tells
 * only by the keylog callback of the SSL_CTX, so that's set here; one that the
 * application set before is called as ever. The secrets go to the tap, which
 * wipes them. So set a callback of your own before the first kdtls_tap(), not
 * after it.
 *
 * Return: 0; -EINVAL: it has no BIO; -EEXIST: tapped already; -EALREADY: the
 * handshake has begun; -ENOMEM.
 */
int kdtls_tap(SSL *ssl);

/**
 * kdtls_tap_context() - prepare a context that an SSL may come to
 * @ctx: what SSL_set_SSL_CTX() may give to an SSL that's tapped, e.g. by the
 *	name that a client asked for
 *
 * From then on OpenSSL asks that context for its keylog callback, not the one
 * that the SSL was made from. For that one kdtls_tap() does the same.
 *
 * Return: 0; -ENOMEM.
 */
int kdtls_tap_context(SSL_CTX *ctx);

/**
 * kdtls_attach() - hand a finished handshake over to the kernel
 * @ssl: DTLS 1.2, TLS 1.2 or TLS 1.3, with an AEAD cipher suite that the kernel
 *	knows, SSL_OP_NO_RENEGOTIATION set (but for TLS 1.3); stays the caller's
 * @fd: the connected socket, UDP for DTLS, TCP for TLS; stays the caller's. It may
 *	have been attached before (DTLS_SO_ULP, TCP_ULP), without keys
 * @opts: NULL for the defaults
 * @out: the new object, to be freed with kdtls_free()
 *
 * Afterwards the kernel encrypts and decrypts on @fd, and @ssl can do neither
 * any more: it counts as shut down, its session remains in the cache, and it
 * may be freed at once (with a BIO_NOCLOSE BIO: else SSL_free() closes @fd).
 * What @ssl had received but not yet given to the application is kept, in
 * order, and comes first out of kdtls_recv(): see kdtls_pending().
 *
 * Of DTLS, without kdtls_tap(), or if the BIOs were replaced since, OpenSSL is
 * asked what it has received, by records made up here. That finds the numbers exactly too,
 * as far as OpenSSL keeps them: of all but the newest 64 it can't be told whether
 * they were received, and they count so. After many records a tap costs less,
 * and with a tap nothing is lost if the call fails.
 *
 * A call that fails leaves @ssl usable as before (one sequence number may have
 * been skipped, and @fd may be attached, without keys: it works as plain UDP).
 * Without a tap, what @ssl had received but not given out may be lost then, and
 * one more datagram of the peer's, as a network may lose them. One failure is
 * final: if the kernel took the sending key and then refused the receiving one
 * (for want of memory), -EKEYREJECTED is returned, @ssl is shut down and @fd can
 * only be closed. kdtls_error_text() says what was wrong.
 *
 * If @ssl sent the last flight of the handshake, that's kept for a peer that
 * missed it: see kdtls_recv().
 *
 * Of TLS, where a number can't be asked for or left out, kdtls_tap() must have
 * been there. But if OpenSSL has put both directions into the kernel already
 * (SSL_OP_ENABLE_KTLS; OpenSSL 3.0: TLS 1.2 only) that's gone on from. A record
 * that has arrived or was written in part can't be handed over: for -EAGAIN try
 * again when @fd can be read, or after the SSL_write() that's due. There must
 * have been no key update before. Session tickets that the peer has sent may be
 * read before or after: kdtls_recv() drops them. If it's to resume with them,
 * a client waits for them first.
 *
 * It clears the thread's OpenSSL error queue. A message callback sees records
 * that are made up here and that OpenSSL writes into the void.
 *
 * Return: 0, or
 * -EINVAL: @opts, or SSL_OP_NO_RENEGOTIATION isn't set;
 * -EBADF, -ENOTSOCK, -ENOTCONN: @fd; -EPROTOTYPE: @fd isn't a UDP socket, or for
 * TLS a TCP socket; -EPROTONOSUPPORT: none of these versions; -EOPNOTSUPP: a
 * cipher suite that the kernel doesn't take, compression, or an option of @fd
 * stands against it;
 * -EPERM: a CCM_8 suite, and KDTLS_ALLOW_CCM_8 isn't set;
 * -EINPROGRESS: the handshake isn't finished, or is being repeated;
 * -ESHUTDOWN: the connection is closed, or @ssl was handed over already;
 * -ENODATA: @ssl has no BIO, or of TLS no tap; -EOVERFLOW: no tap, and more than
 * a million records were received; -EBADMSG: the keys found don't open @ssl's
 * records; -EPROTO: there was a renegotiation or key update; -EIO: OpenSSL failed;
 * -ENOPROTOOPT: the kernel has no DTLS (modprobe dtls); -ENOENT: it lacks the
 * cipher, or has no TLS (modprobe tls); -EBUSY: the socket has an owner or keys
 * already; -ENOMEM; -EKEYREJECTED: see above. Of TLS only:
 * -EAGAIN: see above; -ENOKEY: the keylog callback was replaced after
 * kdtls_tap(), or the SSL_CTX without kdtls_tap_context(); -EEXIST: @fd has
 * another TCP_ULP.
 */
int kdtls_attach(SSL *ssl, int fd, const struct kdtls_options *opts,
		 struct kdtls **out);

#ifdef __cplusplus
}
#endif

#endif /* KDTLS_H */
