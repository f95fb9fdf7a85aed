// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <linux/dtls.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "kernel.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#define EPOCH   1
#define ALERT   21
#define DATA    23
#define KEY_MAX 32
#define IV_MAX  12

/**
 * struct aead - one of those that the kernel has
 * @name: as suites have it
 * @cipher_type: the kernel's
 * @key_len: bytes of a key
 * @iv_len: of the part of the nonce that the handshake gives
 */
struct aead {
	const char *name;
	unsigned short cipher_type;
	size_t key_len;
	size_t iv_len;
};

/* A longer name comes before the one that it begins with. */
static const struct aead aeads[] = {
	{ "AES-128-GCM", TLS_CIPHER_AES_GCM_128, 16, 4 },
	{ "AES-256-GCM", TLS_CIPHER_AES_GCM_256, 32, 4 },
	{ "CHACHA20-POLY1305", TLS_CIPHER_CHACHA20_POLY1305, 32, 12 },
	{ "AES-128-CCM-8", DTLS_CIPHER_AES_CCM_8_128, 16, 4 },
	{ "AES-256-CCM-8", DTLS_CIPHER_AES_CCM_8_256, 32, 4 },
	{ "AES-128-CCM", TLS_CIPHER_AES_CCM_128, 16, 4 },
	{ "AES-256-CCM", DTLS_CIPHER_AES_CCM_256, 32, 4 },
};

static const struct aead *aead_of(const char *suite)
{
	const char *name = strstr(suite, "-WITH-");
	size_t i;

	for (i = 0; name && i < sizeof(aeads) / sizeof(aeads[0]); i++)
		if (!strncmp(name + strlen("-WITH-"), aeads[i].name,
			     strlen(aeads[i].name)))
			return &aeads[i];
	die("%s: the kernel hasn't its AEAD", suite);
}

static void set(int fd, int name, const void *value, size_t len)
{
	if (setsockopt(fd, SOL_TLS, name, value, len))
		die("option %d: %s", name, strerror(errno));
}

static void attach(int fd)
{
	static const char name[] = DTLS_ULP_NAME;
	int family, level;
	socklen_t len = sizeof(family);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	level = family == AF_INET ? SOL_IP : SOL_IPV6;
	if (setsockopt(fd, SOL_UDP, UDP_ULP, name, sizeof(name)) &&
	    setsockopt(fd, level, DTLS_SO_ULP, name, sizeof(name)))
		die("attach: %s", strerror(errno));
}

static void set_parameters(int fd)
{
	struct dtls_params params = { .window_bits = DTLS_WINDOW_DEFAULT,
				      .flags = DTLS_PARAM_CCM_8 };
	unsigned int wanted = DTLS_RECV_INFO;

	set(fd, DTLS_PARAMS, &params,
	    offsetof(struct dtls_params, flags) + sizeof(params.flags));
	set(fd, DTLS_RECV, &wanted, sizeof(wanted));
}

/* Whether records to us carry one. */
static bool set_connection_ids(int fd, mbedtls_ssl_context *ssl)
{
	unsigned char id[MBEDTLS_SSL_CID_OUT_LEN_MAX];
	struct dtls_cid cid = { 0 };
	int enabled, err;
	size_t len = 0;

	err = mbedtls_ssl_get_peer_cid(ssl, &enabled, id, &len);
	if (err)
		die_mbedtls("the peer's connection ID", err);
	if (enabled != MBEDTLS_SSL_CID_ENABLED)
		return false;
	cid.tx_len = len;
	memcpy(cid.tx, id, len);
	/* Of none it says nothing. */
	len = 0;
	err = mbedtls_ssl_get_own_cid(ssl, &enabled, id, &len);
	if (err)
		die_mbedtls("our connection ID", err);
	cid.rx_len = len;
	memcpy(cid.rx, id, len);
	set(fd, DTLS_CID, &cid, sizeof(cid));
	return len > 0;
}

/*
 * linux/tls.h: version, cipher, iv, key, salt, number. GCM and CCM have an iv as
 * well as a salt, which is the one that counts.
 */
static void set_key(int fd, int direction, const struct aead *aead,
		    const unsigned char *key, const unsigned char *iv,
		    uint64_t seq)
{
	struct tls_crypto_info info = { DTLS_1_2_VERSION, aead->cipher_type };
	unsigned char buf[sizeof(info) + IV_MAX + KEY_MAX + 4 + 8];
	unsigned char *p = buf;
	int shift;

	memcpy(p, &info, sizeof(info));
	p += sizeof(info);
	memset(p, 0, 8);
	if (aead->iv_len == IV_MAX)
		memcpy(p, iv, IV_MAX);
	p += aead->iv_len == IV_MAX ? IV_MAX : 8;
	memcpy(p, key, aead->key_len);
	p += aead->key_len;
	if (aead->iv_len != IV_MAX) {
		memcpy(p, iv, aead->iv_len);
		p += aead->iv_len;
	}
	seq |= (uint64_t)EPOCH << 48;
	for (shift = 56; shift >= 0; shift -= 8)
		*p++ = seq >> shift;
	set(fd, direction, buf, p - buf);
}

static void set_keys(struct connection *c)
{
	const struct aead *aead = aead_of(mbedtls_ssl_get_ciphersuite(&c->ssl));
	unsigned char block[2 * (KEY_MAX + IV_MAX)];
	unsigned char *ivs = block + 2 * aead->key_len;
	struct dtls_window window = { .epoch = EPOCH,
				      .next = c->rx_next,
				      .bitmap = { c->rx_seen } };
	int ours = c->ctx->opt->server, theirs = !ours;
	int err = mbedtls_ssl_tls_prf(c->secrets.prf, c->secrets.master,
				      MASTER_LEN, "key expansion",
				      c->secrets.randoms,
				      sizeof(c->secrets.randoms), block,
				      2 * (aead->key_len + aead->iv_len));

	if (err)
		die_mbedtls("key expansion", err);
	set(c->fd, DTLS_RX_WINDOW, &window,
	    offsetof(struct dtls_window, bitmap[1]));
	set_key(c->fd, TLS_TX, aead, block + ours * aead->key_len,
		ivs + ours * aead->iv_len, c->tx_next);
	set_key(c->fd, TLS_RX, aead, block + theirs * aead->key_len,
		ivs + theirs * aead->iv_len, c->rx_next);
	printf("%s, keys are in the kernel: next number %llu\n", aead->name,
	       (unsigned long long)c->tx_next);
}

void kernel_take(struct kernel *k, struct connection *c)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	bool ours;

	if (mbedtls_ssl_check_pending(&c->ssl))
		die("there's a record left in mbedTLS");
	memset(k, 0, sizeof(*k));
	k->fd = c->fd;
	k->peer_len = sizeof(k->peer);
	if (getpeername(k->fd, (struct sockaddr *)&k->peer, &k->peer_len))
		die("getpeername: %s", strerror(errno));
	attach(k->fd);
	set_parameters(k->fd);
	ours = set_connection_ids(k->fd, &c->ssl);
	set_keys(c);
	/* It's bound, so that it keeps its port: a client's socket isn't. */
	if (ours && c->ctx->opt->server)
		connect(k->fd, &nobody, sizeof(nobody));
	fflush(stdout);
}

/* A record from elsewhere: says from where, and perhaps goes there. */
static void compare_address(struct kernel *k,
			    const struct sockaddr_storage *from, socklen_t len,
			    bool newest)
{
	char port[8];

	if (len == k->peer_len && !memcmp(from, &k->peer, len))
		return;
	getnameinfo((const struct sockaddr *)from, len, NULL, 0, port,
		    sizeof(port), NI_NUMERICSERV);
	printf("from port %s, %s\n", port, newest ? "newest" : "overtaken");
	fflush(stdout);
	if (newest)
		memcpy(&k->peer, from, len);
}

static int read_record(struct kernel *k, void *buf, size_t size,
		       unsigned char *type)
{
	char control[CMSG_SPACE(1) + CMSG_SPACE(sizeof(struct dtls_record_info))];
	struct sockaddr_storage from = { 0 };
	struct iovec iov = { buf, size };
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct dtls_record_info info = { 0 };
	struct cmsghdr *cmsg;
	ssize_t n = recvmsg(k->fd, &msg, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < 0)
		die("recvmsg: %s", strerror(errno));
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_TLS &&
		    cmsg->cmsg_type == DTLS_GET_RECORD)
			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
	*type = info.type;
	compare_address(k, &from, msg.msg_namelen,
			info.flags & DTLS_RECORD_NEWEST);
	return n;
}

int kernel_receive(struct kernel *k, void *buf, size_t size)
{
	unsigned char type;
	int n;

	do {
		n = read_record(k, buf, size, &type);
	} while (n >= 0 && type != DATA && type != ALERT);
	return n >= 0 && type == ALERT ? 0 : n;
}

static void send_record(struct kernel *k, unsigned char type, const void *buf,
			size_t len)
{
	char control[CMSG_SPACE(sizeof(type))] = { 0 };
	struct iovec iov = { (void *)buf, len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof(peer);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(sizeof(type));
	*CMSG_DATA(cmsg) = type;
	if (getpeername(k->fd, (struct sockaddr *)&peer, &peer_len)) {
		msg.msg_name = &k->peer;
		msg.msg_namelen = k->peer_len;
	}
	if (sendmsg(k->fd, &msg, 0) != (ssize_t)len)
		die("sendmsg: %s", strerror(errno));
}

void kernel_send(struct kernel *k, const void *buf, size_t len)
{
	send_record(k, DATA, buf, len);
}

void kernel_close(struct kernel *k)
{
	static const unsigned char close_notify[] = { 1, 0 };

	send_record(k, ALERT, close_notify, sizeof(close_notify));
}
