// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <openssl/crypto.h>

#include "core/association.h"
#include "core/bytes.h"
#include "bios.h"
#include "feed.h"
#include "real.h"

/* type, version, epoch and number, length; then the token */
#define HEADER_LEN 13
#define WRAP_LEN   (HEADER_LEN + TOKEN_LEN)
/* Beyond it, the program may have read from any. */
#define FD_MAX 65536
/* What UDP and IP tell of a datagram, and TLS_GET_RECORD_TYPE. */
#define CONTROL_LEN 1024

/**
 * struct place - what's known of a socket, by its number
 * @turns: changes begun and ended; odd: it's being changed
 * @was_read: by the program itself
 * @socket: st_ino of the one whose datagrams are wrapped; 0: none
 * @token: of its SSL
 *
 * Reading takes no lock: that may be done in a signal handler, whatever it has
 * interrupted, and is done for every datagram of every program.
 */
struct place {
	unsigned int turns;
	unsigned char was_read;
	ino_t socket;
	unsigned char token[TOKEN_LEN];
};

static struct place places[FD_MAX];
/* Whoever changes one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int count;

static _Thread_local int last = -1;

static struct place *place_of(int fd)
{
	return fd >= 0 && fd < FD_MAX ? &places[fd] : NULL;
}

bool feed_is_from(int fd)
{
	return fd == last && place_of(fd);
}

bool feed_was_read(int fd)
{
	const struct place *place = place_of(fd);

	return !place || __atomic_load_n(&place->was_read, __ATOMIC_RELAXED);
}

static void note(int fd)
{
	struct place *place = place_of(fd);

	last = fd;
	if (place)
		__atomic_store_n(&place->was_read, 1, __ATOMIC_RELAXED);
}

void feed_lock(void)
{
	pthread_mutex_lock(&lock);
}

void feed_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* With the lock, and no signal's handler that would wait for the end of it. */
static void change(struct place *place, ino_t socket, const unsigned char *token)
{
	unsigned int turns = place->turns;

	if (!place->socket != !socket)
		__atomic_add_fetch(&count, socket ? 1 : -1, __ATOMIC_RELAXED);
	__atomic_store_n(&place->turns, turns + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	place->socket = socket;
	memcpy(place->token, token, TOKEN_LEN);
	__atomic_store_n(&place->turns, turns + 2, __ATOMIC_RELEASE);
}

/* From one token to the other, if it's that. */
static void exchange(int fd, const unsigned char *from, ino_t socket,
		     const unsigned char *to)
{
	struct place *place = place_of(fd);
	sigset_t every, before;

	if (!place)
		return;
	sigfillset(&every);
	pthread_sigmask(SIG_BLOCK, &every, &before);
	feed_lock();
	if (!from || !memcmp(place->token, from, TOKEN_LEN))
		change(place, socket, to);
	feed_unlock();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void feed_begin(const struct connection *c)
{
	exchange(c->fd, NULL, c->socket, c->token);
}

void feed_end(const struct connection *c)
{
	static const unsigned char none[TOKEN_LEN];

	if (c->is_fed)
		exchange(c->fd, c->token, 0, none);
}

/* False: what comes from @fd isn't wrapped. */
static bool find_token(int fd, int flags, unsigned char *token)
{
	const struct place *place = place_of(fd);
	unsigned int turns;
	ino_t socket;

	if (!__atomic_load_n(&count, __ATOMIC_RELAXED) || !place ||
	    flags & (MSG_ERRQUEUE | MSG_OOB))
		return false;
	do {
		turns = __atomic_load_n(&place->turns, __ATOMIC_ACQUIRE);
		socket = place->socket;
		memcpy(token, place->token, TOKEN_LEN);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (turns & 1 ||
		 turns != __atomic_load_n(&place->turns, __ATOMIC_RELAXED));
	return socket && socket == connection_socket(fd);
}

/* All that the program asked for, but the type. 0: the kernel has opened none. */
static unsigned char split_control(struct msghdr *inner, struct msghdr *msg)
{
	unsigned char type = 0;
	struct cmsghdr *cmsg;
	size_t room = msg->msg_control ? msg->msg_controllen : 0, len = 0;

	for (cmsg = CMSG_FIRSTHDR(inner); cmsg;
	     cmsg = CMSG_NXTHDR(inner, cmsg)) {
		size_t space = CMSG_ALIGN(cmsg->cmsg_len);

		if (cmsg->cmsg_level == SOL_TLS) {
			if (cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
				type = *CMSG_DATA(cmsg);
			continue;
		}
		if (space > room - len) {
			msg->msg_flags |= MSG_CTRUNC;
			continue;
		}
		memcpy((char *)msg->msg_control + len, cmsg, space);
		len += space;
	}
	msg->msg_controllen = len;
	return type;
}

static void wrap(unsigned char *bytes, unsigned char type,
		 const unsigned char *token, size_t len)
{
	bytes[0] = type;
	kdtls_put_be(bytes + 1, DTLS_1_2_VERSION, 2);
	kdtls_put_be(bytes + 3, 1, 2);
	kdtls_put_be(bytes + 5, 0, 6);
	kdtls_put_be(bytes + 11, TOKEN_LEN + len, 2);
	memcpy(bytes + HEADER_LEN, token, TOKEN_LEN);
}

static ssize_t scatter(struct msghdr *msg, const unsigned char *bytes,
		       size_t len, int flags)
{
	size_t at = 0, i, n;

	for (i = 0; i < msg->msg_iovlen && at < len; i++, at += n) {
		n = msg->msg_iov[i].iov_len;
		if (n > len - at)
			n = len - at;
		memcpy(msg->msg_iov[i].iov_base, bytes + at, n);
	}
	if (at < len)
		msg->msg_flags |= MSG_TRUNC;
	return flags & MSG_TRUNC ? len : at;
}

static ssize_t read_wrapped(int fd, const unsigned char *token,
			    struct msghdr *msg, int flags)
{
	unsigned char bytes[WRAP_LEN + DTLS_MAX_PAYLOAD];
	union {
		struct cmsghdr align;
		char bytes[CONTROL_LEN];
	} control;
	struct iovec iov = { bytes + WRAP_LEN, sizeof(bytes) - WRAP_LEN };
	struct msghdr inner = {
		.msg_name = msg->msg_name,
		.msg_namelen = msg->msg_namelen,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = real()->recvmsg(fd, &inner, flags & ~MSG_TRUNC);
	unsigned char type;

	if (n < 0)
		return n;
	msg->msg_namelen = inner.msg_namelen;
	msg->msg_flags = inner.msg_flags & ~MSG_TRUNC;
	type = split_control(&inner, msg);
	if (!type)
		return scatter(msg, bytes + WRAP_LEN, n, flags);
	wrap(bytes, type, token, n);
	return scatter(msg, bytes, WRAP_LEN + n, flags);
}

/* Is it the program itself that reads, and is that to be wrapped? */
static bool is_wrapped(int fd, int flags, const void *caller,
		       unsigned char *token)
{
	if (real_is_libcrypto(caller))
		return false;
	note(fd);
	return find_token(fd, flags, token);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	unsigned char token[TOKEN_LEN];

	if (!is_wrapped(fd, flags, __builtin_return_address(0), token))
		return real()->recvmsg(fd, msg, flags);
	return read_wrapped(fd, token, msg, flags);
}

static ssize_t read_wrapped_from(int fd, const unsigned char *token, void *buf,
				 size_t len, int flags, struct sockaddr *addr,
				 socklen_t *addr_len)
{
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_name = addr,
		.msg_namelen = addr && addr_len ? *addr_len : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n = read_wrapped(fd, token, &msg, flags);

	if (n >= 0 && addr && addr_len)
		*addr_len = msg.msg_namelen;
	return n;
}

ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
		 struct sockaddr *addr, socklen_t *addr_len)
{
	unsigned char token[TOKEN_LEN];

	if (!is_wrapped(fd, flags, __builtin_return_address(0), token))
		return real()->recvfrom(fd, buf, len, flags, addr, addr_len);
	return read_wrapped_from(fd, token, buf, len, flags, addr, addr_len);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	unsigned char token[TOKEN_LEN];

	if (!is_wrapped(fd, flags, __builtin_return_address(0), token))
		return real()->recv(fd, buf, len, flags);
	return read_wrapped_from(fd, token, buf, len, flags, NULL, NULL);
}

/* What programs that were built with _FORTIFY_SOURCE call. */
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addr_len)
{
	unsigned char token[TOKEN_LEN];

	if (len > room ||
	    !is_wrapped(fd, flags, __builtin_return_address(0), token))
		return real()->__recvfrom_chk(fd, buf, len, room, flags, addr,
					      addr_len);
	return read_wrapped_from(fd, token, buf, len, flags, addr, addr_len);
}

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	unsigned char token[TOKEN_LEN];

	if (len > room ||
	    !is_wrapped(fd, flags, __builtin_return_address(0), token))
		return real()->__recv_chk(fd, buf, len, room, flags);
	return read_wrapped_from(fd, token, buf, len, flags, NULL, NULL);
}

/* One wrapped record of @bio; false: the rest of it is no such thing. */
static bool take_one(struct connection *c, BIO *bio, unsigned char *content)
{
	unsigned char head[WRAP_LEN];
	int len;

	if (BIO_read(bio, head, WRAP_LEN) != WRAP_LEN ||
	    CRYPTO_memcmp(head + HEADER_LEN, c->token, TOKEN_LEN))
		return false;
	len = kdtls_get_be(head + 11, 2) - TOKEN_LEN;
	if (len < 0 || len > DTLS_MAX_PAYLOAD ||
	    (len && BIO_read(bio, content, len) != len))
		return false;
	if (head[0] != KDTLS_HANDSHAKE ||
	    !kdtls_handshake_record(c->k, content, len))
		kdtls_association_add(c->k, head[0], content, len);
	return true;
}

void feed_take(struct connection *c)
{
	unsigned char content[DTLS_MAX_PAYLOAD];
	BIO *bio = bios_rbio(c->ssl);

	if (!bio || BIO_method_type(bio) != BIO_TYPE_MEM)
		return;
	while (BIO_ctrl_pending(bio) && take_one(c, bio, content))
		;
	while (BIO_read(bio, content, sizeof(content)) > 0)
		;
	OPENSSL_cleanse(content, sizeof(content));
}
