/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * libkdtls-core: an association whose records are made and opened by the
 * kernel. It knows no TLS library: kdtls.h hands over from OpenSSL,
 * kdtls-gnutls.h from GnuTLS, and a program includes one of these.
 *
 * It's DTLS over datagrams (UDP, by dtls.ko) or TLS over a stream (TCP, by the
 * kernel's own TLS). The calls are the same, and a program that sends no more
 * than kdtls_max_payload() bytes at once, asks for types and takes any negative
 * result of kdtls_recv() for the end need not know which. What differs is
 * said with each call; in short, a stream has no borders between records, and
 * loses nothing.
 *
 * Errors are negative errno values. The library has no state of its own beside
 * the objects it gives out, starts no thread and needs no initialisation.
 *
 * Threads: different objects may be used at the same time. On one object any
 * number of threads may send while one receives; kdtls_free() comes last.
 */
#ifndef KDTLS_CORE_H
#define KDTLS_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/dtls.h>

#ifdef __cplusplus
extern "C" {
#endif

/** enum kdtls_type - record types that may be sent and are received */
enum kdtls_type {
	KDTLS_ALERT = 21,
	KDTLS_HANDSHAKE = 22,
	KDTLS_DATA = 23
};

/** struct kdtls - one association or connection, handed over to the kernel */
struct kdtls;

/*
 * Hand over a CCM_8 cipher suite too. A forgery of its tags of 8 bytes succeeds
 * once in 2^64 tries, not in 2^128, and nothing in DTLS limits the tries: only
 * for a peer that has nothing better (RFC 9147, 4.5.3).
 */
#define KDTLS_ALLOW_CCM_8 (1u << 0)

/*
 * Keep the keys in this process too, so that kdtls_export() can move the
 * association. They're wiped by kdtls_export(), kdtls_detach() and kdtls_free().
 * Of a stream none are kept.
 */
#define KDTLS_KEEP_KEYS (1u << 1)

/**
 * struct kdtls_options - how to hand over
 * @size: sizeof(struct kdtls_options); later versions of this library add
 *	members at the end
 * @window_bits: width of the kernel's replay window, DTLS_WINDOW_MIN to
 *	DTLS_WINDOW_MAX, a power of two; 0: DTLS_WINDOW_DEFAULT. A stream has none
 * @flags: KDTLS_ALLOW_*, KDTLS_KEEP_KEYS; 0: the defaults
 */
struct kdtls_options {
	size_t size;
	unsigned int window_bits;
	unsigned int flags;
};

/**
 * kdtls_error_text() - what was wrong
 *
 * Return: one line about the last kdtls_tap() or kdtls_attach() that failed in
 * the calling thread, empty before the first. Valid until the next one fails.
 */
const char *kdtls_error_text(void);

/**
 * kdtls_free() - forget an association
 * @k: NULL does nothing
 *
 * Wipes what kdtls_recv() was not asked for. Sends nothing and doesn't close
 * the socket: that goes on as it is, with its keys, until it's closed.
 */
void kdtls_free(struct kdtls *k);

/**
 * kdtls_export() - take an association out, for another process to go on with
 * @k: association, handed over or imported with KDTLS_KEEP_KEYS
 * @state: where to put it; NULL: only say how long it would be now
 * @size: bytes there
 *
 * From then on @k sends nothing more (-EKEYREVOKED): else a number would be used
 * twice. Datagrams that still arrive at its socket are lost, so have those for
 * the other one arrive there first, e.g. by SO_REUSEADDR, bind() and connect()
 * to the same addresses. Records that the kernel opened before can still be
 * received; kdtls_free() and close() remain to be called.
 *
 * The state is the keys, next numbers, the replay window, limits, parameters and
 * the last flight. Its format is told in lib/core/blob.c; it has a version and is
 * the same on all machines. Whoever reads it can read and forge all that's sent:
 * give it away over a private channel only, and wipe it with explicit_bzero().
 * It's to be imported once.
 *
 * Return: bytes, or
 * -ENOKEY: the keys weren't kept, or were exported already; -EBUSY:
 * kdtls_pending() isn't 0: receive that first; -ENOSPC: @size is too small;
 * -ESTALE: keys of another epoch were installed since. With these nothing has
 * happened. -EKEYEXPIRED: all numbers are used; else -errno of the kernel's:
 * then it can't be exported any more. -EOPNOTSUPP: a stream, of which the kernel
 * doesn't give its state.
 */
ssize_t kdtls_export(struct kdtls *k, void *state, size_t size);

/**
 * kdtls_import() - go on with an association
 * @state: as kdtls_export() made it
 * @len: bytes of it
 * @fd: a UDP socket, connected to the peer; stays the caller's. Datagrams that
 *	it received already are records like any other
 * @flags: KDTLS_KEEP_KEYS or 0
 * @out: the new object, to be freed with kdtls_free()
 *
 * No number is used twice if the state is imported once: two imports of the same
 * state would encrypt with the same nonces, and break the encryption of both. A
 * call that fails may be repeated, with another socket.
 *
 * Return: 0, or
 * -EINVAL: @state is damaged, or @flags; -EPROTONOSUPPORT: it's of another
 * version; -EBADF, -ENOTSOCK, -ENOTCONN: @fd; -EPROTOTYPE: @fd isn't a UDP
 * socket; -EKEYEXPIRED: a key is at its limit (struct dtls_limits);
 * -EOPNOTSUPP: an unknown cipher, or an option of @fd stands against it;
 * -ENOPROTOOPT: the kernel has no DTLS (modprobe dtls); -ENOENT: it lacks the
 * cipher; -EBUSY: the socket has an owner or keys already; -ENOMEM.
 */
int kdtls_import(const void *state, size_t len, int fd, unsigned int flags,
		 struct kdtls **out);

/**
 * kdtls_detach() - make the socket a plain one again
 * @k: association
 * @how: DTLS_DETACH_REFUSE: the kernel wipes the keys, and from then on gives
 *	datagrams as they come, and refuses to send (ENOKEY);
 *	DTLS_DETACH_PLAINTEXT: so, or after that: it sends them as they are
 *
 * The peer isn't told: see kdtls_close_notify(). Records that were opened before
 * are still received. Plain datagrams are for recv() and send(): kdtls_recv()
 * gives -EBADMSG for one. kdtls_free() remains to be called.
 *
 * Return: 0; -EINVAL: @how; -EOPNOTSUPP: a stream, from which the kernel's TLS
 * can't be taken; else -errno of the kernel's.
 */
int kdtls_detach(struct kdtls *k, unsigned int how);

/** kdtls_is_stream() - is it TLS over TCP, not DTLS over UDP? */
bool kdtls_is_stream(const struct kdtls *k);

/** kdtls_fd() - the socket that was handed over, for poll() and options */
int kdtls_fd(const struct kdtls *k);

/** kdtls_cipher() - the AEAD, e.g. "AES-128-GCM", "AES-128-CCM-8"; a constant string */
const char *kdtls_cipher(const struct kdtls *k);

/**
 * kdtls_send() - send one record
 * @k: association
 * @type: enum kdtls_type
 * @buf: content
 * @len: 1 to kdtls_max_payload() bytes. 0 is legal for KDTLS_DATA, but OpenSSL
 *	3.0 takes such a record for the end of the connection
 * @flags: as for send()
 *
 * A stream takes any length, and may take a part of it: so many bytes are
 * returned. Longer content becomes several records, 0 bytes none. Where the
 * peer negotiated shorter records a call makes one of them at most, and MSG_MORE
 * has no effect. SIGPIPE isn't raised.
 *
 * Return: @len, of a stream maybe less; -EMSGSIZE: too long for a record, for
 * what the peer negotiated (RFC 6066, 4) or for a datagram; -EINVAL: @type, or an
 * empty record other than KDTLS_DATA; -EKEYEXPIRED: all sequence numbers are
 * used; -EKEYREJECTED: see kdtls_rekey(); else -errno of send(), -EAGAIN among
 * them.
 */
ssize_t kdtls_send(struct kdtls *k, unsigned char type, const void *buf,
		   size_t len, int flags);

/**
 * kdtls_sendfile() - send a file's content, in records as long as may be
 * @k: association
 * @in_fd: a file that sendfile() can read
 * @offset: where to begin; moved on by what was sent. NULL: the file's own
 *	position is used, and moves
 * @count: bytes
 *
 * As sendfile(), which may send less; on a stream that's closed it may raise
 * SIGPIPE, too.
 *
 * Return: bytes sent; 0: @in_fd is at its end; -EKEYREJECTED: see kdtls_rekey();
 * else -errno of sendfile().
 */
ssize_t kdtls_sendfile(struct kdtls *k, int in_fd, off_t *offset, size_t count);

/**
 * kdtls_recv() - receive one record
 * @k: association
 * @type: where to put its type, enum kdtls_type; NULL: application data only
 * @buf: where to put its content
 * @len: bytes at @buf. A longer record is cut, and the rest of it is lost
 * @flags: as for recv(): MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC (return the length
 *	of the record, not of the part copied)
 *
 * Some handshake records are dealt with here and never given out, nor do they
 * end a wait:
 *
 * - A repeated Finished, for four minutes after the hand-over. The peer missed
 *   our last flight of the handshake and would wait in vain, so the flight is
 *   sent again, ten times a second at most: NewSessionTicket if there was one,
 *   ChangeCipherSpec and Finished (RFC 6347, 4.2.4). So keep receiving for that
 *   long, even if nothing is expected.
 * - HelloRequest and ClientHello: there is no renegotiation.
 * - Unprotected records, if DTLS_RECV_EPOCH0 was set: only recvmsg() gives them.
 *
 * Who receives without this function has kdtls_handshake_record().
 *
 * Nothing ends it but the peer's words: its close_notify comes as KDTLS_ALERT,
 * the two bytes 1 0; after a fatal alert (first byte 2) the connection is over
 * as well. Of datagrams 0 is an empty record, not the end.
 *
 * A stream gives bytes, of one type a call: data of several records or of a part
 * of one. Nothing is cut or lost, so that MSG_TRUNC has no effect. All of its
 * handshake records are dealt with: session tickets are dropped, hellos
 * ignored (RFC 5246, 7.4.1.1), key updates followed (RFC 8446, 4.6.3), if the
 * kernel can; the answer to one goes out before what kdtls_send() or
 * kdtls_sendfile() sends next. After close_notify and the end of the stream, 0
 * is returned; an end without it is the error of one that somebody cut
 * (RFC 8446, 6.1).
 *
 * Return: bytes copied; -EIO: @type is NULL and the next record isn't
 * application data (it stays); -EINVAL: MSG_ERRQUEUE or MSG_OOB, or of a stream
 * @len of 0; -EBADMSG: the kernel told no type; else -errno of recv(), -EAGAIN
 * among them. Of a stream also, and for good:
 * -ECONNABORTED: it ended without close_notify; -EBADMSG: a record didn't
 * authenticate; -EKEYEXPIRED: the peer has changed its key, and the kernel can't
 * (before 6.14) or the key's secret isn't known: sending still works, so say
 * close_notify; -EPROTO: a handshake message that has no place there.
 */
ssize_t kdtls_recv(struct kdtls *k, unsigned char *type, void *buf, size_t len,
		   int flags);

/**
 * kdtls_handshake_record() - deal with a handshake record that recvmsg() gave
 * @k: association
 * @content: of the record, whose TLS_GET_RECORD_TYPE is 22
 * @len: bytes there; the first one is enough
 *
 * For who receives by recvmsg() and not by kdtls_recv(), from the same thread as
 * would call that. What it answers it sends without waiting; an answer that
 * can't be sent counts as lost, and the peer asks again.
 *
 * Of a stream all are to be given here, in order.
 *
 * Return: 1: it was one of those that kdtls_recv() deals with; 0: it wasn't. Of a
 * stream also -EKEYEXPIRED or -EPROTO, as of kdtls_recv().
 */
int kdtls_handshake_record(struct kdtls *k, const void *content, size_t len);

/**
 * kdtls_pending() - records that are kept in the library
 * @k: association
 *
 * OpenSSL had them when the socket was handed over, so that poll() doesn't know
 * of them: call kdtls_recv() until this is 0 after kdtls_attach(), then poll().
 *
 * Return: how many there are; of datagrams that's how often kdtls_recv() gives
 * one without asking the kernel. It never grows.
 */
size_t kdtls_pending(const struct kdtls *k);

/**
 * kdtls_close_notify() - tell the peer that no more is coming
 * @k: association
 *
 * Return: 0, or -errno as of kdtls_send().
 */
int kdtls_close_notify(struct kdtls *k);

/**
 * kdtls_rekey() - change the keys
 * @k: a connection of TLS 1.3
 *
 * The peer is told (KeyUpdate), what's sent next has a new key (RFC 8446, 4.6.3
 * and 7.2), and the peer is asked to change its own; kdtls_recv() follows that.
 * For this the library keeps the traffic secrets, where the kernel can change
 * keys. Threads that send meanwhile are waited for.
 *
 * Return: 0; -EOPNOTSUPP: DTLS 1.2 or TLS 1.2, which have no key update, a kernel
 * that can't (before 6.14), or a connection that OpenSSL had put into the kernel
 * by itself: nothing was sent; -EKEYREJECTED: the peer was told, and the kernel
 * then refused the key, so that nothing can be sent any more; else -errno of
 * send(), -EAGAIN among them: nothing was sent.
 */
int kdtls_rekey(struct kdtls *k);

/**
 * kdtls_max_payload() - longest content that goes into one datagram now
 * @k: association
 *
 * From the MTU of the route as the kernel knows it, and from what the peer
 * negotiated. It may change with the route. Of a stream it's that of a record,
 * 16384 or what was negotiated.
 *
 * Return: bytes; -EHOSTUNREACH: there's no route, or nothing fits; or -errno.
 */
int kdtls_max_payload(const struct kdtls *k);

/**
 * kdtls_stats() - the socket's counters since it was attached
 * @k: association
 * @stats: filled in; what the kernel doesn't know yet is 0
 * @size: sizeof(*stats)
 *
 * Of a stream: tx_records and rx_delivered since the hand-over, as the kernel
 * counts them, so those of the handshake's type too; and rx_bad_tag, after which
 * there's nothing more to be counted.
 *
 * Return: 0 or -errno.
 */
int kdtls_stats(const struct kdtls *k, struct dtls_stats *stats, size_t size);

/**
 * kdtls_info() - ciphers, epochs, next number to be sent
 * @k: association
 * @info: filled in; what the kernel doesn't know yet is 0
 * @size: sizeof(*info)
 *
 * Of a stream @version is TLS_1_2_VERSION or TLS_1_3_VERSION, the epochs are 0,
 * and whether a device encrypts isn't known.
 *
 * Return: 0 or -errno.
 */
int kdtls_info(const struct kdtls *k, struct dtls_info *info, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* KDTLS_CORE_H */
