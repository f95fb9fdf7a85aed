// SPDX-License-Identifier: GPL-2.0
/*
 * A record layer in userspace as one would write it for speed: OpenSSL's
 * ciphers, keyed once, records made side by side and sent with few calls.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "bench.h"

#define NONCE_LEN 12
#define AAD_LEN   13
#define TAG_LEN   16
#define EPOCH     1

struct layer {
	const struct cipher *cipher;
	EVP_CIPHER_CTX *seal, *open;
	uint8_t iv[NONCE_LEN];
	uint64_t tx_number, rx_next; /* epoch and sequence number */
	size_t record_len;
	uint8_t wire_tx[BYTES_MAX], wire_rx[BYTES_MAX];
};

static void put_header(uint8_t *wire, uint64_t number, size_t fragment_len)
{
	uint64_t wire_number = htobe64(number);

	wire[0] = RECORD_DATA;
	wire[1] = 0xfe;
	wire[2] = 0xfd;
	memcpy(wire + 3, &wire_number, 8);
	wire[11] = (uint8_t)(fragment_len >> 8);
	wire[12] = (uint8_t)fragment_len;
}

static void put_aad(uint8_t *aad, const uint8_t *wire, size_t len)
{
	memcpy(aad, wire + 3, 8);
	memcpy(aad + 8, wire, 3);
	aad[11] = (uint8_t)(len >> 8);
	aad[12] = (uint8_t)len;
}

static void put_nonce(const struct layer *layer, uint8_t *nonce,
		      const uint8_t *wire)
{
	memcpy(nonce, layer->iv, NONCE_LEN);
	if (layer->cipher->explicit_len) {
		memcpy(nonce + 4, wire + RECORD_HEADER_LEN, 8);
		return;
	}
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= wire[3 + i];
}

static int seal(struct layer *layer, const uint8_t *content, size_t len,
		uint8_t *wire)
{
	size_t explicit_len = layer->cipher->explicit_len;
	uint8_t *text = wire + RECORD_HEADER_LEN + explicit_len;
	uint8_t nonce[NONCE_LEN], aad[AAD_LEN];
	int n;

	put_header(wire, layer->tx_number, explicit_len + len + TAG_LEN);
	memcpy(wire + RECORD_HEADER_LEN, wire + 3, explicit_len);
	put_nonce(layer, nonce, wire);
	put_aad(aad, wire, len);
	layer->tx_number++;
	return EVP_EncryptInit_ex(layer->seal, NULL, NULL, NULL, nonce) &&
			       EVP_EncryptUpdate(layer->seal, NULL, &n, aad,
						 AAD_LEN) &&
			       EVP_EncryptUpdate(layer->seal, text, &n, content,
						 (int)len) &&
			       EVP_EncryptFinal_ex(layer->seal, text + len,
						   &n) &&
			       EVP_CIPHER_CTX_ctrl(layer->seal,
						   EVP_CTRL_AEAD_GET_TAG,
						   TAG_LEN, text + len) ?
		       0 :
		       -1;
}

/* The replay check is as simple as can be: numbers must rise. */
static int is_fresh(struct layer *layer, const uint8_t *wire)
{
	uint64_t number;

	memcpy(&number, wire + 3, sizeof(number));
	number = be64toh(number);
	if (number < layer->rx_next)
		return 0;
	layer->rx_next = number + 1;
	return 1;
}

static int open_record(struct layer *layer, uint8_t *wire, uint8_t *content,
		       size_t len)
{
	uint8_t *text = wire + RECORD_HEADER_LEN + layer->cipher->explicit_len;
	uint8_t nonce[NONCE_LEN], aad[AAD_LEN];
	int n;

	put_nonce(layer, nonce, wire);
	put_aad(aad, wire, len);
	return EVP_DecryptInit_ex(layer->open, NULL, NULL, NULL, nonce) &&
			       EVP_CIPHER_CTX_ctrl(layer->open,
						   EVP_CTRL_AEAD_SET_TAG,
						   TAG_LEN, text + len) &&
			       EVP_DecryptUpdate(layer->open, NULL, &n, aad,
						 AAD_LEN) &&
			       EVP_DecryptUpdate(layer->open, content, &n, text,
						 (int)len) &&
			       EVP_DecryptFinal_ex(layer->open, content + len,
						   &n) &&
			       is_fresh(layer, wire) ?
		       0 :
		       -1;
}

static EVP_CIPHER_CTX *make_context(const struct secret *secret, int encrypts)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, secret->cipher->evp, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (!cipher || !ctx ||
	    !EVP_CipherInit_ex(ctx, cipher, NULL, secret->key, NULL, encrypts))
		abort();
	EVP_CIPHER_free(cipher);
	return ctx;
}

static int setup(struct run *run)
{
	struct layer *layer = calloc(1, sizeof(*layer));
	struct secret secret;

	run->state = layer;
	if (run->cipher->is_ccm) {
		errno = EOPNOTSUPP;
		return -1;
	}
	secret_make(&secret, run->cipher, 1);
	layer->cipher = run->cipher;
	layer->seal = make_context(&secret, 1);
	layer->open = make_context(&secret, 0);
	memcpy(layer->iv, secret.iv, sizeof(layer->iv));
	layer->tx_number = (uint64_t)EPOCH << 48;
	layer->record_len = run->size + cipher_overhead(run->cipher);
	return pair_open(run);
}

static int setup_gro(struct run *run)
{
	if (setup(run))
		return -1;
	return enable_gro(run->fd[1]);
}

static int seal_all(struct run *run)
{
	struct layer *layer = run->state;

	for (unsigned int i = 0; i < run->batch; i++) {
		if (seal(layer, run->tx + i * run->size, run->size,
			 layer->wire_tx + i * layer->record_len)) {
			errno = EPROTO;
			return -1;
		}
	}
	return 0;
}

static int open_all(struct run *run)
{
	struct layer *layer = run->state;

	for (unsigned int i = 0; i < run->batch; i++) {
		if (open_record(layer, layer->wire_rx + i * layer->record_len,
				run->rx + i * run->size, run->size)) {
			errno = EBADMSG;
			return -1;
		}
	}
	return 0;
}

static int send_by_mmsg(struct run *run)
{
	struct layer *layer = run->state;

	if (seal_all(run))
		return -1;
	return send_mmsg(run->fd[0], layer->wire_tx, layer->record_len,
			 run->batch);
}

static int recv_by_mmsg(struct run *run)
{
	struct layer *layer = run->state;

	if (recv_mmsg(run->fd[1], layer->wire_rx, layer->record_len, run->batch))
		return -1;
	return open_all(run);
}

static int send_by_gso(struct run *run)
{
	struct layer *layer = run->state;

	if (seal_all(run))
		return -1;
	return send_gso(run->fd[0], layer->wire_tx, layer->record_len,
			run->batch);
}

static int recv_by_gso(struct run *run)
{
	struct layer *layer = run->state;

	if (recv_gso(run->fd[1], layer->wire_rx, layer->record_len, run->batch))
		return -1;
	return open_all(run);
}

static void teardown(struct run *run)
{
	struct layer *layer = run->state;

	EVP_CIPHER_CTX_free(layer->seal);
	EVP_CIPHER_CTX_free(layer->open);
	free(layer);
	pair_close(run);
}

const struct mode evp_modes[] = {
	{
		.name = "evp-mmsg",
		.has_state = 1,
		.setup = setup,
		.send = send_by_mmsg,
		.recv = recv_by_mmsg,
		.teardown = teardown,
	},
	{
		.name = "evp-gso",
		.is_batch = 1,
		.has_state = 1,
		.setup = setup_gro,
		.send = send_by_gso,
		.recv = recv_by_gso,
		.teardown = teardown,
	},
	{},
};
