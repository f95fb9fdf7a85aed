// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <linux/dtls.h>
#include <linux/tls.h>
#include <openssl/evp.h>

#include "record.h"

#define VERSION   0xfefd
#define NONCE_LEN 12
#define AAD_MAX   (23 + RECORD_CID_MAX)

static const struct cipher ciphers[] = {
	{ "AES-128-GCM", "AES-128-GCM", TLS_CIPHER_AES_GCM_128, 16, 4, 8, 16,
	  0 },
	{ "AES-256-GCM", "AES-256-GCM", TLS_CIPHER_AES_GCM_256, 32, 4, 8, 16,
	  0 },
	{ "CHACHA20-POLY1305", "ChaCha20-Poly1305",
	  TLS_CIPHER_CHACHA20_POLY1305, 32, 12, 0, 16, 0 },
	{ "AES-128-CCM", "AES-128-CCM", TLS_CIPHER_AES_CCM_128, 16, 4, 8, 16,
	  1 },
	{ "AES-256-CCM", "AES-256-CCM", DTLS_CIPHER_AES_CCM_256, 32, 4, 8, 16,
	  1 },
	{ "AES-128-CCM-8", "AES-128-CCM", DTLS_CIPHER_AES_CCM_8_128, 16, 4, 8,
	  8, 1 },
	{ "AES-256-CCM-8", "AES-256-CCM", DTLS_CIPHER_AES_CCM_8_256, 32, 4, 8,
	  8, 1 },
};

#define CIPHERS (sizeof(ciphers) / sizeof(ciphers[0]))

const struct cipher *cipher_by_type(uint16_t type)
{
	for (size_t i = 0; i < CIPHERS; i++)
		if (ciphers[i].type == type)
			return &ciphers[i];
	return NULL;
}

const struct cipher *cipher_by_name(const char *name)
{
	for (size_t i = 0; i < CIPHERS; i++)
		if (!strcmp(ciphers[i].name, name))
			return &ciphers[i];
	return NULL;
}

/* What a record adds to its content. */
size_t cipher_overhead(const struct cipher *cipher)
{
	return RECORD_HEADER_LEN + cipher->explicit_len + cipher->tag_len;
}

/* Likewise, with the connection ID and the type that stands with the content. */
size_t secret_overhead(const struct secret *secret)
{
	size_t overhead = cipher_overhead(secret->cipher);

	return secret->cid_len ? overhead + secret->cid_len + 1 : overhead;
}

/* RFC 9147, 4.5.3: such a cipher must be allowed first. */
int cipher_has_short_tag(const struct cipher *cipher)
{
	return cipher->tag_len < 16;
}

/* Bytes that differ between seeds, and from one another. */
void secret_make(struct secret *secret, const struct cipher *cipher,
		 unsigned int seed)
{
	secret->cipher = cipher;
	secret->cid_len = 0;
	for (size_t i = 0; i < sizeof(secret->key); i++)
		secret->key[i] = (uint8_t)(seed * 59 + i * 7 + 1);
	for (size_t i = 0; i < sizeof(secret->iv); i++)
		secret->iv[i] = (uint8_t)(seed * 83 + i * 11 + 128);
}

/* Bytes that are neither a length, nor a type, nor those of another length. */
void secret_set_cid(struct secret *secret, size_t len)
{
	secret->cid_len = len;
	for (size_t i = 0; i < len; i++)
		secret->cid[i] = (uint8_t)(0xc0 + len * 5 + i * 3);
}

/*
 * The explicit nonce is unlike the record's number, as OpenSSL's is: a receiver
 * takes the one on the wire (RFC 5288, 3).
 */
struct record record_make(uint8_t type, uint16_t epoch, uint64_t seq)
{
	return (struct record) {
		.type = type,
		.version = VERSION,
		.epoch = epoch,
		.seq = seq,
		.explicit_nonce = 0x9e3779b97f4a7c15ULL * (seq + 1) + epoch,
	};
}

static void put_be(uint8_t *to, uint64_t value, int bytes)
{
	while (bytes--) {
		to[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t get_be(const uint8_t *from, int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *from++;
	return value;
}

/* @len: what the header says of the bytes behind it. */
void record_put_header(uint8_t *wire, const struct record *record, size_t len)
{
	wire[0] = record->type;
	put_be(wire + 1, record->version, 2);
	put_be(wire + 3, record->epoch, 2);
	put_be(wire + 5, record->seq, 6);
	put_be(wire + 11, len, 2);
}

/* RFC 9146, 4. Return: the header's length. */
static size_t put_cid_header(uint8_t *wire, const struct secret *secret,
			     const struct record *record, size_t len)
{
	size_t cid_len = secret->cid_len;

	record_put_header(wire, record, 0);
	wire[0] = RECORD_CID;
	memcpy(wire + 11, secret->cid, cid_len);
	put_be(wire + 11 + cid_len, len, 2);
	return RECORD_HEADER_LEN + cid_len;
}

/* RFC 9146, 5.3. */
static size_t put_cid_aad(uint8_t *aad, const struct secret *secret,
			  const struct record *record, size_t len)
{
	memset(aad, 0xff, 8);
	aad[8] = RECORD_CID;
	aad[9] = (uint8_t)secret->cid_len;
	return 10 + put_cid_header(aad + 10, secret, record, len);
}

/* RFC 5246, 6.2.3.3. */
static size_t put_plain_aad(uint8_t *aad, const struct record *record,
			    size_t len)
{
	put_be(aad, record->epoch, 2);
	put_be(aad + 2, record->seq, 6);
	aad[8] = record->type;
	put_be(aad + 9, record->version, 2);
	put_be(aad + 11, len, 2);
	return 13;
}

/* RFC 5288, 3 and RFC 6655, 3: salt and explicit part; RFC 7905, 2: IV xor number. */
static void put_nonce(uint8_t *nonce, const struct secret *secret,
		      const struct record *record)
{
	uint8_t number[8];

	memcpy(nonce, secret->iv, secret->cipher->iv_len);
	if (secret->cipher->explicit_len) {
		put_be(nonce + secret->cipher->iv_len, record->explicit_nonce,
		       8);
		return;
	}
	put_be(number, record->epoch, 2);
	put_be(number + 2, record->seq, 6);
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= number[i];
}

/*
 * CCM's first block holds the lengths of nonce, tag and content (RFC 3610, 2.2).
 * @tag: to verify; NULL: one is to be made
 */
static int ccm_put_lengths(EVP_CIPHER_CTX *ctx, const struct cipher *cipher,
			   uint8_t *tag)
{
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE_LEN,
				   NULL) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
				   (int)cipher->tag_len, tag);
}

/*
 * A context that is keyed, and has taken the nonce and the AAD.
 * @tag: what the record's is to be; NULL: seal one
 */
static EVP_CIPHER_CTX *aead_begin(const struct secret *secret,
				  const struct record *record, size_t len,
				  uint8_t *tag)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, secret->cipher->evp, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[NONCE_LEN], aad[AAD_MAX];
	int n, aad_len, is_ccm = secret->cipher->is_ccm;

	put_nonce(nonce, secret, record);
	aad_len = (int)(record->type == RECORD_CID ?
				put_cid_aad(aad, secret, record, len) :
				put_plain_aad(aad, record, len));
	if (!cipher || !ctx ||
	    !EVP_CipherInit_ex(ctx, cipher, NULL, NULL, NULL, !tag) ||
	    (is_ccm && !ccm_put_lengths(ctx, secret->cipher, tag)) ||
	    !EVP_CipherInit_ex(ctx, NULL, NULL, secret->key, nonce, !tag) ||
	    (is_ccm && !EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)len)) ||
	    !EVP_CipherUpdate(ctx, NULL, &n, aad, aad_len))
		abort();
	EVP_CIPHER_free(cipher);
	return ctx;
}

/*
 * record_seal_inner() - make a record of just these bytes
 * @record: of type RECORD_CID: with the connection ID of @secret, which may be
 *	empty; else without one
 * @inner: what the AEAD seals, @len bytes, more than a record may carry as well
 * @wire: where it goes
 *
 * Return: its length. Ends the program if OpenSSL refuses.
 */
size_t record_seal_inner(const struct secret *secret,
			 const struct record *record, const void *inner,
			 size_t len, uint8_t *wire)
{
	const struct cipher *cipher = secret->cipher;
	EVP_CIPHER_CTX *ctx = aead_begin(secret, record, len, NULL);
	size_t fragment_len = cipher->explicit_len + len + cipher->tag_len;
	size_t header_len = RECORD_HEADER_LEN;
	uint8_t *text;
	int n;

	if (record->type == RECORD_CID)
		header_len = put_cid_header(wire, secret, record, fragment_len);
	else
		record_put_header(wire, record, fragment_len);
	text = wire + header_len + cipher->explicit_len;
	if (cipher->explicit_len)
		put_be(wire + header_len, record->explicit_nonce, 8);
	if (!EVP_CipherUpdate(ctx, text, &n, inner, (int)len) ||
	    !EVP_CipherFinal_ex(ctx, text + len, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
				 (int)cipher->tag_len, text + len))
		abort();
	EVP_CIPHER_CTX_free(ctx);
	return header_len + fragment_len;
}

/*
 * record_seal() - make a record as its direction has them
 * @content: @len bytes, which may be more than a record may carry
 * @wire: where it goes
 *
 * Return: its length. Ends the program if OpenSSL refuses.
 */
size_t record_seal(const struct secret *secret, const struct record *record,
		   const void *content, size_t len, uint8_t *wire)
{
	size_t inner_len = len + 1 + record->pad;
	struct record outer = *record;
	uint8_t *inner;

	if (!secret->cid_len)
		return record_seal_inner(secret, record, content, len, wire);
	inner = calloc(1, inner_len);
	if (!inner)
		abort();
	memcpy(inner, content, len);
	inner[len] = record->type;
	outer.type = RECORD_CID;
	len = record_seal_inner(secret, &outer, inner, inner_len, wire);
	free(inner);
	return len;
}

/* Read the header. Return: its length; 0 if it's none of this direction's. */
static size_t get_header(const struct secret *secret, const uint8_t *wire,
			 size_t wire_len, struct record *record)
{
	size_t header_len = RECORD_HEADER_LEN + secret->cid_len;

	if (wire_len < cipher_overhead(secret->cipher) + secret->cid_len ||
	    get_be(wire + header_len - 2, 2) != wire_len - header_len ||
	    (wire[0] == RECORD_CID) != !!secret->cid_len ||
	    memcmp(wire + 11, secret->cid, secret->cid_len) != 0)
		return 0;
	record->type = wire[0];
	record->version = (uint16_t)get_be(wire + 1, 2);
	record->epoch = (uint16_t)get_be(wire + 3, 2);
	record->seq = get_be(wire + 5, 6);
	record->explicit_nonce =
		secret->cipher->explicit_len ? get_be(wire + header_len, 8) : 0;
	record->pad = 0;
	return header_len;
}

/*
 * Find content, type and padding of what a record with a connection ID holds.
 * Return: the content's length; -1 if there's no type.
 */
static ssize_t strip_padding(struct record *record, const uint8_t *inner,
			     size_t len)
{
	size_t end = len;

	while (end && !inner[end - 1])
		end--;
	if (!end)
		return -1;
	record->type = inner[end - 1];
	record->pad = len - end;
	return (ssize_t)end - 1;
}

/*
 * record_open() - read the record that fills a datagram
 * @record: gets its header, the content's type, and the length of the padding
 * @content: gets its content, and what stands behind that
 *
 * Return: the content's length; -1 if it's no record, or another one's.
 */
ssize_t record_open(const struct secret *secret, const uint8_t *wire,
		    size_t wire_len, struct record *record, uint8_t *content)
{
	const struct cipher *cipher = secret->cipher;
	size_t len, header_len = get_header(secret, wire, wire_len, record);
	const uint8_t *text = wire + header_len + cipher->explicit_len;
	uint8_t tag[16];
	EVP_CIPHER_CTX *ctx;
	int n, ok;

	if (!header_len)
		return -1;
	len = wire_len - header_len - cipher->explicit_len - cipher->tag_len;
	memcpy(tag, text + len, cipher->tag_len);
	ctx = aead_begin(secret, record, len, tag);
	/* CCM has verified it when the content is there, and has no end. */
	ok = (cipher->is_ccm ||
	      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
				  (int)cipher->tag_len, tag)) &&
	     EVP_CipherUpdate(ctx, content, &n, text, (int)len) &&
	     (cipher->is_ccm || EVP_CipherFinal_ex(ctx, content + len, &n));
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		return -1;
	return secret->cid_len ? strip_padding(record, content, len) :
				 (ssize_t)len;
}
