// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <openssl/crypto.h>

#include "bios.h"
#include "connection.h"
#include "core/kernel.h"
#include "feed.h"
#include "real.h"

/* Far more than the head of a queue. */
#define DRAIN_MAX 1024

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under @lock. */
static struct connection *all;
static int slot = -1;
static unsigned int forks;

unsigned int connection_forks(void)
{
	return __atomic_load_n(&forks, __ATOMIC_RELAXED);
}

ino_t connection_socket(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISSOCK(st.st_mode) ? st.st_ino :
								    0;
}

static bool is_taken(const struct connection *c)
{
	return c->stage == STAGE_KERNEL || c->stage == STAGE_DEAD;
}

bool connection_is_there(const struct connection *c)
{
	return connection_socket(c->fd) == c->socket;
}

/*
 * What the kernel has opened would be read as if it had come in the clear, and
 * what of it isn't data would be an error.
 */
static void drain(struct kdtls *k)
{
	unsigned char type, content[1];
	ssize_t ret;
	int n;

	/* An error that the socket tells of may stand in front of the rest. */
	for (n = 0; n < DRAIN_MAX; n++) {
		ret = kdtls_recv(k, &type, content, sizeof(content),
				 MSG_DONTWAIT);
		if (ret == -EAGAIN || ret == -EBADF || ret == -ENOTSOCK)
			return;
	}
}

/* Without @c->k, a key at most was told to the kernel. */
static void detach(const struct connection *c)
{
	uint32_t how = DTLS_DETACH_PLAINTEXT;

	if (!c->k) {
		kdtls_kernel_set(c->fd, DTLS_DETACH, &how, sizeof(how));
		return;
	}
	drain(c->k);
	kdtls_detach(c->k, how);
}

/*
 * The program may go on with its socket, as openssl s_server does. But if it has
 * closed it, the number may be another's; and a copy of the process may have the
 * connection.
 */
static void give_back(struct connection *c)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	feed_end(c);
	if (c->was_given_back || c->forks != connection_forks() ||
	    !connection_is_there(c))
		return;
	c->was_given_back = true;
	detach(c);
	if (c->is_connected_here)
		connect(c->fd, &nobody, sizeof(nobody));
}

static void release(struct connection *c)
{
	if (is_taken(c)) {
		give_back(c);
		/* Which OpenSSL goes by: may the session be resumed? */
		real()->SSL_set_shutdown(c->ssl, c->shutdown);
	}
	kdtls_free(c->k);
	c->k = NULL;
	if (c->record)
		OPENSSL_cleanse(c->record, DTLS_MAX_PAYLOAD);
	free(c->record);
	OPENSSL_cleanse(c->token, sizeof(c->token));
}

static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		    long num, void *arg)
{
	struct connection **at, *c = ptr;

	(void)parent;
	(void)ad;
	(void)idx;
	(void)num;
	(void)arg;
	if (!c)
		return;
	pthread_mutex_lock(&lock);
	for (at = &all; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	pthread_mutex_unlock(&lock);
	release(c);
	free(c);
}

/* SSL_dup() makes a connection of its own. */
static int on_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr,
		  int idx, long num, void *arg)
{
	(void)to;
	(void)from;
	(void)idx;
	(void)num;
	(void)arg;
	*ptr = NULL;
	return 1;
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
	feed_lock();
}

static void after_fork(void)
{
	__atomic_add_fetch(&forks, 1, __ATOMIC_RELAXED);
	feed_unlock();
	pthread_mutex_unlock(&lock);
}

static void init(void)
{
	slot = SSL_get_ex_new_index(0, NULL, NULL, on_dup, on_free);
	pthread_atfork(before_fork, after_fork, after_fork);
}

struct connection *connection_of(const SSL *ssl)
{
	return slot < 0 ? NULL : SSL_get_ex_data(ssl, slot);
}

struct connection *connection_new(SSL *ssl)
{
	struct connection *c;

	if (!SSL_is_dtls(ssl))
		return NULL;
	pthread_once(&once, init);
	c = connection_of(ssl);
	if (c || slot < 0)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c || !SSL_set_ex_data(ssl, slot, c)) {
		free(c);
		return NULL;
	}
	c->ssl = ssl;
	c->fd = -1;
	pthread_mutex_lock(&lock);
	c->next = all;
	all = c;
	pthread_mutex_unlock(&lock);
	return c;
}

struct connection *connection_taken(const SSL *ssl)
{
	struct connection *c = connection_of(ssl);

	return c && is_taken(c) ? c : NULL;
}

bool connection_shares(const struct connection *c, int fd, ino_t socket)
{
	const struct connection *other;
	bool found = false;

	pthread_mutex_lock(&lock);
	for (other = all; other && !found; other = other->next)
		found = other != c && other->fd == fd &&
			other->socket == socket;
	pthread_mutex_unlock(&lock);
	return found;
}

bool connection_claim(const struct connection *c)
{
	struct connection *other;
	bool good = true;

	pthread_mutex_lock(&lock);
	for (other = all; other; other = other->next) {
		if (other == c || other->stage != STAGE_KERNEL ||
		    other->fd != c->fd || other->socket != c->socket)
			continue;
		if (other->shutdown) {
			other->stage = STAGE_DEAD;
			give_back(other);
		} else {
			good = false;
		}
	}
	pthread_mutex_unlock(&lock);
	return good;
}

int connection_ask_timeout(int fd)
{
	struct connection *c;
	int ret = -1;

	pthread_mutex_lock(&lock);
	for (c = all; c && (c->stage != STAGE_KERNEL || c->fd != fd);
	     c = c->next)
		;
	if (c) {
		ret = c->timed_out;
		c->timed_out = false;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

void connection_reset(SSL *ssl)
{
	struct connection *c = connection_of(ssl);
	bool was_taken = connection_taken(ssl);
	struct connection fresh = { .ssl = ssl, .fd = -1 };

	if (!c)
		return;
	release(c);
	bios_untap(c);
	if (was_taken)
		real()->SSL_set_quiet_shutdown(ssl, c->is_quiet);
	if (c->forbade)
		SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
	pthread_mutex_lock(&lock);
	fresh.next = c->next;
	*c = fresh;
	pthread_mutex_unlock(&lock);
}
