// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <openssl/evp.h>

#include "fake.h"
#include "core/kernel.h"

struct fake fake;

static uint64_t be(const uint8_t *p, int len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

/* Where linux/tls.h and linux/dtls.h have what; the library computes it. */
static const struct layout {
	uint16_t type;
	socklen_t len;
	const char *cipher;
	size_t tag_len, key_at, key_len, iv_at, iv_len, rec_seq_at;
} layouts[] = {
	{ 51, 40, "AES-128-GCM", 16, 12, 16, 28, 4, 32 },
	{ 52, 56, "AES-256-GCM", 16, 12, 32, 44, 4, 48 },
	{ 53, 40, "AES-128-CCM", 16, 12, 16, 28, 4, 32 },
	{ 54, 56, "ChaCha20-Poly1305", 16, 16, 32, 4, 12, 48 },
	{ 0x4401, 56, "AES-256-CCM", 16, 12, 32, 44, 4, 48 },
	{ 0x4402, 40, "AES-128-CCM", 8, 12, 16, 28, 4, 32 },
	{ 0x4403, 56, "AES-256-CCM", 8, 12, 32, 44, 4, 48 },
};

static int take_key(struct fake_key *k, const void *val, socklen_t len)
{
	const struct tls_crypto_info *info = val;
	const struct layout *l = layouts;
	const uint8_t *bytes = val;

	memset(k, 0, sizeof(*k));
	if (info->version != 0xFEFD)
		return EPROTONOSUPPORT;
	while (l->type != info->cipher_type)
		if (++l == layouts + sizeof(layouts) / sizeof(layouts[0]))
			return EOPNOTSUPP;
	if (len != l->len)
		return EINVAL;
	if (l->tag_len == 8 && fake.params.flags != DTLS_PARAM_CCM_8)
		return EPERM;
	k->set = true;
	k->cipher = l->cipher;
	k->tag_len = l->tag_len;
	memcpy(k->key, bytes + l->key_at, l->key_len);
	memcpy(k->iv, bytes + l->iv_at, l->iv_len);
	k->epoch = be(bytes + l->rec_seq_at, 2);
	k->seq = be(bytes + l->rec_seq_at + 2, 6);
	return 0;
}

static int take_window(const void *val, socklen_t len)
{
	memset(&fake.window, 0, sizeof(fake.window));
	memcpy(&fake.window, val, len);
	fake.window_len = len;
	return 0;
}

static int take_rx(const void *val, socklen_t len)
{
	int err = take_key(&fake.rx, val, len);

	if (err)
		return err;
	return fake.rx.epoch == fake.window.epoch &&
			       fake.rx.seq == fake.window.next ?
		       0 :
		       EINVAL;
}

static int take(int level, int name, const void *val, socklen_t len)
{
	if (level == SOL_IP && name == DTLS_SO_ULP) {
		if (fake.attached)
			return EEXIST;
		fake.attached = true;
		return strcmp(val, "tls") ? ENOENT : 0;
	}
	if (level != SOL_TLS || !fake.attached)
		return ENOPROTOOPT;
	switch (name) {
	case DTLS_PARAMS:
		if (fake.tx.set || fake.rx.set)
			return EBUSY;
		if (len != sizeof(fake.params))
			return EINVAL;
		memcpy(&fake.params, val, len);
		return 0;
	case DTLS_RX_WINDOW:
		return take_window(val, len);
	case TLS_TX:
		return take_key(&fake.tx, val, len);
	case TLS_RX:
		return take_rx(val, len);
	case DTLS_CID:
		memcpy(&fake.cid, val, len);
		return 0;
	case DTLS_LIMITS:
		memcpy(&fake.limits, val, len);
		return 0;
	case DTLS_DETACH:
		memcpy(&fake.detached, val, len);
		return fake.detached > DTLS_DETACH_PLAINTEXT ? EINVAL : 0;
	}
	return ENOPROTOOPT;
}

static int fake_setsockopt(int fd, int level, int name, const void *val,
			   socklen_t len)
{
	int err;

	(void)fd;
	fake.calls++;
	if (fake.times && name == fake.refuse) {
		fake.times--;
		err = fake.error;
	} else {
		err = take(level, name, val, len);
	}
	errno = err;
	return err ? -1 : 0;
}

static void give_window(__u64 *next, __u64 *bitmap)
{
	uint64_t i;

	*next = fake.window.next;
	for (i = *next; i < NUMBERS; i++)
		if (fake.got[i])
			*next = i + 1;
	for (i = 0; i < fake.params.window_bits && i < *next; i++)
		if (fake_has(*next - 1 - i))
			bitmap[i / 64] |= 1ULL << i % 64;
}

static int give_state(struct dtls_state *state)
{
	if (state->epoch != 1)
		return ENOENT;
	if (state->flags & DTLS_STATE_FREEZE)
		fake.frozen |= 1U << state->direction;
	if (state->direction == TLS_TX) {
		state->next = fake.tx.seq;
		state->records = fake.tx_records;
		state->limit = 1000;
		state->warn = 900;
		return 0;
	}
	state->window_bits = fake.params.window_bits;
	give_window(&state->next, state->bitmap);
	state->failures = fake.rx_failures;
	state->limit = 2000;
	state->warn = 1900;
	return 0;
}

static int give_option(int name, void *val, socklen_t len)
{
	struct dtls_info info = { .tx_epoch = 1, .rx_epoch = 1 };
	const struct {
		int name;
		socklen_t len;
		const void *val;
	} table[] = {
		{ DTLS_PARAMS, sizeof(fake.params), &fake.params },
		{ DTLS_CID, sizeof(fake.cid), &fake.cid },
		{ DTLS_INFO, sizeof(info), &info },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].name == name && table[i].len == len) {
			memcpy(val, table[i].val, len);
			return 0;
		}
	if (name == DTLS_STATE && len == sizeof(struct dtls_state))
		return give_state(val);
	return ENOPROTOOPT;
}

static int fake_getsockopt(int fd, int level, int name, void *val,
			   socklen_t *len)
{
	(void)fd;
	if (level != SOL_TLS || !fake.attached)
		errno = ENOPROTOOPT;
	else
		errno = give_option(name, val, *len);
	return errno ? -1 : 0;
}

static void put_be(uint8_t *p, uint64_t v, int len)
{
	while (len--) {
		p[len] = v;
		v >>= 8;
	}
}

static bool is_ccm(const struct fake_key *key)
{
	return strstr(key->cipher, "CCM");
}

static int explicit_len(const struct fake_key *key)
{
	return key->cipher[0] == 'A' ? 8 : 0;
}

/* @tag: to be checked; NULL: to be made. */
static EVP_CIPHER_CTX *start(const struct fake_key *key, const uint8_t *record,
			     size_t content_len, const uint8_t *tag)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, key->cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], aad[13];
	int i, n;

	memcpy(nonce, key->iv, 12);
	if (explicit_len(key))
		memcpy(nonce + 4, record + 13, 8);
	else
		for (i = 0; i < 8; i++)
			nonce[4 + i] ^= record[3 + i];
	memcpy(aad, record + 3, 8);
	memcpy(aad + 8, record, 3);
	put_be(aad + 11, content_len, 2);
	EVP_CipherInit_ex(ctx, cipher, NULL, NULL, NULL, !tag);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL);
	if (tag || is_ccm(key))
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, key->tag_len,
				    (void *)tag);
	EVP_CipherInit_ex(ctx, NULL, NULL, key->key, nonce, !tag);
	if (is_ccm(key))
		EVP_CipherUpdate(ctx, NULL, &n, NULL, content_len);
	EVP_CipherUpdate(ctx, NULL, &n, aad, sizeof(aad));
	EVP_CIPHER_free(cipher);
	return ctx;
}

size_t fake_seal(const struct fake_key *key, uint64_t seq, uint8_t type,
		 const void *content, size_t len, uint8_t *record)
{
	size_t body_len = explicit_len(key) + len + key->tag_len;
	uint8_t *body = record + 13 + explicit_len(key);
	EVP_CIPHER_CTX *ctx;
	int n;

	record[0] = type;
	put_be(record + 1, 0xFEFD, 2);
	put_be(record + 3, key->epoch, 2);
	put_be(record + 5, seq, 6);
	put_be(record + 11, body_len, 2);
	if (explicit_len(key))
		memcpy(record + 13, record + 3, 8);
	ctx = start(key, record, len, NULL);
	EVP_CipherUpdate(ctx, body, &n, content, len);
	EVP_CipherFinal_ex(ctx, body + len, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, key->tag_len,
			    body + len);
	EVP_CIPHER_CTX_free(ctx);
	return 13 + body_len;
}

int fake_open(const struct fake_key *key, const uint8_t *record, size_t len,
	      uint8_t *content)
{
	size_t head = 13 + explicit_len(key);
	EVP_CIPHER_CTX *ctx;
	int content_len = len - head - key->tag_len;
	bool good;
	int n;

	if (len < head + key->tag_len)
		return -1;
	ctx = start(key, record, content_len, record + len - key->tag_len);
	good = EVP_CipherUpdate(ctx, content, &n, record + head, content_len) >
		       0 &&
	       EVP_CipherFinal_ex(ctx, content + content_len, &n) > 0;
	EVP_CIPHER_CTX_free(ctx);
	return good ? content_len : -1;
}

static const struct cmsghdr *cmsg_of(const struct msghdr *msg)
{
	return msg->msg_controllen ? CMSG_FIRSTHDR((struct msghdr *)msg) : NULL;
}

static ssize_t fake_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct cmsghdr *cmsg = cmsg_of(msg);
	const struct iovec *iov = msg->msg_iov;
	uint8_t record[2048];
	size_t len;

	if (!fake.end)
		return sendmsg(fd, msg, flags);
	if (cmsg && cmsg->cmsg_type == DTLS_SET_EPOCH0) {
		end_send(fake.end, iov->iov_base, iov->iov_len);
		return iov->iov_len;
	}
	if (fake.frozen >> TLS_TX & 1) {
		errno = EKEYREVOKED;
		return -1;
	}
	fake.tx_records++;
	len = fake_seal(&fake.tx, fake.tx.seq++, cmsg ? *CMSG_DATA(cmsg) : 23,
			iov->iov_base, iov->iov_len, record);
	end_send(fake.end, record, len);
	return iov->iov_len;
}

bool fake_has(uint64_t seq)
{
	uint64_t back = fake.window.next - 1 - seq;

	if (seq >= fake.window.next)
		return fake.got[seq];
	return fake.got[seq] ||
	       back >= (fake.window_len - offsetof(struct dtls_window, bitmap)) *
			       8 ||
	       fake.window.bitmap[back / 64] >> back % 64 & 1;
}

static void open_record(const uint8_t *p, size_t len)
{
	uint64_t seq = be(p + 5, 6);
	struct datagram *d;
	uint8_t content[2048];
	int n;

	if (be(p + 3, 2) != fake.rx.epoch || fake_has(seq))
		return;
	n = fake_open(&fake.rx, p, len, content);
	if (n < 0)
		return;
	fake.got[seq] = true;
	d = datagram_new(content, n);
	d->type = p[0];
	datagram_append(&fake.records, d);
}

static void open_datagram(const struct datagram *d)
{
	const uint8_t *p = d->bytes;
	size_t left = d->len, len;

	for (; left; left -= len, p += len) {
		len = 13 + be(p + 11, 2);
		open_record(p, len);
	}
}

/* As recvmsg() gives it: its length, of what was copied. */
static ssize_t give(const struct datagram *d, struct msghdr *msg, int flags)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	size_t i, done = 0, len;

	for (i = 0; i < msg->msg_iovlen; i++) {
		len = msg->msg_iov[i].iov_len;
		if (len > d->len - done)
			len = d->len - done;
		if (len)
			memcpy(msg->msg_iov[i].iov_base, d->bytes + done, len);
		done += len;
	}
	msg->msg_controllen = 0;
	if (cmsg) {
		msg->msg_controllen = CMSG_SPACE(1);
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = TLS_GET_RECORD_TYPE;
		cmsg->cmsg_len = CMSG_LEN(1);
		*CMSG_DATA(cmsg) = d->type;
	}
	return flags & MSG_TRUNC ? d->len : done;
}

static ssize_t fake_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct datagram *d;
	ssize_t n;

	if (!fake.end)
		return recvmsg(fd, msg, flags);
	while (!fake.records && (d = end_receive(fake.end))) {
		open_datagram(d);
		free(d);
	}
	d = fake.records;
	if (!d || (d->type != 23 && !msg->msg_controllen)) {
		errno = d ? EIO : EAGAIN;
		return -1;
	}
	n = give(d, msg, flags);
	if (!(flags & MSG_PEEK)) {
		fake.records = d->next;
		free(d);
	}
	return n;
}

void fake_install(void)
{
	static const struct kdtls_kernel ops = {
		.setsockopt = fake_setsockopt,
		.getsockopt = fake_getsockopt,
		.sendmsg = fake_sendmsg,
		.recvmsg = fake_recvmsg,
		.now_ms = link_now_ms,
	};

	memset(&fake, 0, sizeof(fake));
	fake.params = (struct dtls_params) {
		.window_bits = DTLS_WINDOW_DEFAULT,
		.rx_epochs = 3, /* the application's, to be left alone */
		.tx_payload_max = DTLS_MAX_PAYLOAD,
		.rx_payload_max = DTLS_MAX_PAYLOAD,
	};
	kdtls_kernel = &ops;
}
