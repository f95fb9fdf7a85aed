// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <linux/tls.h>
#include <openssl/evp.h>

#include "fake.h"
#include "core/kernel.h"

#define RECORD_MAX (5 + 16384 + 256)

struct fake_kernel fake;

/* Where linux/tls.h has what; the library computes it. */
static const struct fake_layout {
	uint16_t type;
	socklen_t len;
	const char *cipher;
	size_t iv_len, key_len, key_at, salt_at, salt_len, rec_seq_at;
} layouts[] = {
	{ 51, 40, "AES-128-GCM", 8, 16, 12, 28, 4, 32 },
	{ 52, 56, "AES-256-GCM", 8, 32, 12, 44, 4, 48 },
	{ 53, 40, "AES-128-CCM", 8, 16, 12, 28, 4, 32 },
	{ 54, 56, "ChaCha20-Poly1305", 12, 32, 16, 48, 0, 48 },
};

static uint64_t be(const uint8_t *p, int len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static void put_be(uint8_t *p, uint64_t v, int len)
{
	while (len--) {
		p[len] = v;
		v >>= 8;
	}
}

static int check_next(const struct fake_key *k, const struct fake_key *old)
{
	if (!fake.takes_next_keys || old->version != TLS_1_3_VERSION)
		return EBUSY;
	return k->version == old->version && k->layout == old->layout ? 0 :
									EINVAL;
}

static int take_key(struct fake_key *key, const void *val, socklen_t len)
{
	const struct tls_crypto_info *info = val;
	struct fake_key k = { .keys = key->keys + 1, .version = info->version };
	const uint8_t *bytes = val;
	const struct fake_layout *l;
	size_t i;
	int err;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == info->cipher_type)
			k.layout = &layouts[i];
	err = key->keys ? check_next(&k, key) : 0;
	if (err)
		return err;
	l = k.layout;
	if (!l || len != l->len)
		return EINVAL;
	memcpy(k.key, bytes + l->key_at, l->key_len);
	memcpy(k.iv, bytes + l->salt_at, l->salt_len);
	memcpy(k.iv + l->salt_len, bytes + 4, l->iv_len);
	k.seq = be(bytes + l->rec_seq_at, 8);
	*key = k;
	return 0;
}

static int take(int level, int name, const void *val, socklen_t len)
{
	if (fake.refuse == name)
		return fake.error;
	if (level == SOL_TCP && name == TCP_ULP) {
		if (fake.is_attached || fake.other_ulp)
			return EEXIST;
		fake.is_attached = true;
		return strcmp(val, "tls") ? ENOENT : 0;
	}
	if (level != SOL_TLS || !fake.is_attached)
		return ENOPROTOOPT;
	return take_key(name == TLS_TX ? &fake.tx : &fake.rx, val, len);
}

static int fake_setsockopt(int fd, int level, int name, const void *val,
			   socklen_t len)
{
	(void)fd;
	errno = take(level, name, val, len);
	return errno ? -1 : 0;
}

static int fake_getsockopt(int fd, int level, int name, void *val,
			   socklen_t *len)
{
	const struct fake_key *k = name == TLS_TX ? &fake.tx : &fake.rx;

	(void)fd;
	if (level == SOL_TCP && name == TCP_ULP) {
		strcpy(val, fake.other_ulp ? "other" : "tls");
		return 0;
	}
	if (level != SOL_TLS || !k->keys || *len != k->layout->len) {
		errno = EBUSY;
		return -1;
	}
	memset(val, 0, *len);
	put_be((uint8_t *)val + k->layout->rec_seq_at, k->seq, 8);
	return 0;
}

static bool is_13(const struct fake_key *k)
{
	return k->version == TLS_1_3_VERSION;
}

static size_t explicit_len(const struct fake_key *k)
{
	return is_13(k) || k->layout->iv_len == 12 ? 0 : 8;
}

/* @tag: to be checked; NULL: to be made. */
static EVP_CIPHER_CTX *start(const struct fake_key *k, const uint8_t *record,
			     size_t len, const uint8_t *tag)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, k->layout->cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ccm = strstr(k->layout->cipher, "CCM");
	uint8_t nonce[12], aad[13];
	int i, n, aad_len = is_13(k) ? 5 : 13;

	memcpy(nonce, k->iv, 12);
	put_be(aad, k->seq, 8);
	if (explicit_len(k))
		memcpy(nonce + 4, record + 5, 8);
	else
		for (i = 0; i < 8; i++)
			nonce[4 + i] ^= aad[i];
	memcpy(is_13(k) ? aad : aad + 8, record, 5);
	if (!is_13(k))
		put_be(aad + 11, len, 2);
	EVP_CipherInit_ex(ctx, cipher, NULL, NULL, NULL, !tag);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL);
	if (tag || ccm)
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
	EVP_CipherInit_ex(ctx, NULL, NULL, k->key, nonce, !tag);
	if (ccm)
		EVP_CipherUpdate(ctx, NULL, &n, NULL, len);
	EVP_CipherUpdate(ctx, NULL, &n, aad, aad_len);
	EVP_CIPHER_free(cipher);
	return ctx;
}

/* The explicit nonce counts on its own, as that of the kernel does. */
static size_t seal(struct fake_key *k, uint8_t type, uint8_t *content,
		   size_t len, uint8_t *record)
{
	size_t explicit = explicit_len(k);
	uint8_t *body = record + 5 + explicit;
	EVP_CIPHER_CTX *ctx;
	int n;

	if (is_13(k))
		content[len++] = type;
	record[0] = is_13(k) ? 23 : type;
	put_be(record + 1, 0x0303, 2);
	put_be(record + 3, explicit + len + 16, 2);
	memcpy(record + 5, k->iv + 4, explicit);
	ctx = start(k, record, len, NULL);
	EVP_CipherUpdate(ctx, body, &n, content, len);
	EVP_CipherFinal_ex(ctx, body + len, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, body + len);
	EVP_CIPHER_CTX_free(ctx);
	k->seq++;
	if (explicit)
		put_be(k->iv + 4, be(k->iv + 4, 8) + 1, 8);
	return 5 + explicit + len + 16;
}

static bool open_record(struct fake_key *k, const uint8_t *record, size_t len)
{
	size_t head = 5 + explicit_len(k);
	size_t content_len = len - head - 16;
	EVP_CIPHER_CTX *ctx = start(k, record, content_len, record + len - 16);
	bool good;
	int n;

	good = EVP_CipherUpdate(ctx, fake.content, &n, record + head,
				content_len) > 0 &&
	       EVP_CipherFinal_ex(ctx, fake.content + content_len, &n) > 0;
	EVP_CIPHER_CTX_free(ctx);
	k->seq++;
	fake.used = 0;
	fake.len = content_len;
	fake.type = record[0];
	if (good && is_13(k))
		fake.type = fake.content[--fake.len];
	return good;
}

static ssize_t fake_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct cmsghdr *cmsg =
		msg->msg_controllen ? CMSG_FIRSTHDR((struct msghdr *)msg) :
				      NULL;
	const struct iovec *iov = msg->msg_iov;
	uint8_t content[16385], record[RECORD_MAX];
	size_t done = 0, len, record_len;

	(void)flags;
	while (done < iov->iov_len) {
		len = iov->iov_len - done;
		if (len > 16384)
			len = 16384;
		memcpy(content, (uint8_t *)iov->iov_base + done, len);
		record_len = seal(&fake.tx, cmsg ? *CMSG_DATA(cmsg) : 23,
				  content, len, record);
		if (write(fd, record, record_len) != (ssize_t)record_len)
			abort();
		done += len;
	}
	return done;
}

static ssize_t fake_sendfile(int fd, int in_fd, off_t *offset, size_t count)
{
	uint8_t content[16384];
	struct iovec iov = { .iov_base = content };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = pread(in_fd, content,
			  count < sizeof(content) ? count : sizeof(content),
			  *offset);

	iov.iov_len = n;
	if (n > 0)
		*offset += fake_sendmsg(fd, &msg, 0);
	return n;
}

/* 0: the end; -1: errno. */
static int next_record(int fd, int flags)
{
	uint8_t record[RECORD_MAX];
	ssize_t n = recv(fd, record, 5, flags & MSG_DONTWAIT);
	size_t len;

	if (n <= 0)
		return n;
	len = be(record + 3, 2);
	if (n != 5 || recv(fd, record + 5, len, MSG_WAITALL) != (ssize_t)len)
		abort();
	if (open_record(&fake.rx, record, 5 + len))
		return 1;
	errno = EBADMSG;
	return -1;
}

static ssize_t fake_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct cmsghdr *cmsg = msg->msg_controllen ? CMSG_FIRSTHDR(msg) : NULL;
	size_t n;
	int ret;

	while (fake.used == fake.len) {
		ret = next_record(fd, flags);
		if (ret <= 0)
			return ret;
	}
	if (!cmsg && fake.type != 23) {
		errno = EIO;
		return -1;
	}
	n = fake.len - fake.used;
	if (n > msg->msg_iov->iov_len)
		n = msg->msg_iov->iov_len;
	memcpy(msg->msg_iov->iov_base, fake.content + fake.used, n);
	if (!(flags & MSG_PEEK))
		fake.used += n;
	if (cmsg) {
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = TLS_GET_RECORD_TYPE;
		cmsg->cmsg_len = CMSG_LEN(1);
		*CMSG_DATA(cmsg) = fake.type;
		msg->msg_controllen = CMSG_SPACE(1);
	}
	return n;
}

void fake_install(bool takes_next_keys)
{
	static const struct kdtls_kernel ops = {
		.setsockopt = fake_setsockopt,
		.getsockopt = fake_getsockopt,
		.sendmsg = fake_sendmsg,
		.recvmsg = fake_recvmsg,
		.sendfile = fake_sendfile,
	};

	memset(&fake, 0, sizeof(fake));
	fake.takes_next_keys = takes_next_keys;
	kdtls_kernel = &ops;
}
