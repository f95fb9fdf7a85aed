// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Version 1. All numbers are big-endian; names are those of struct kdtls_blob
 * and of the kernel's structures.
 *
 *	bytes	what
 *	8	"kdtls" 0 0 and the version
 *	4	length of all
 *	2 + 4	cipher_type, payload_max
 *	7 * 4	params, without what's reserved
 *	4 * 8	limits
 *	2 * 21	cid: for each direction the length, and 20 bytes
 *	8 + 44	sending: epoch and next number as in rec_seq; key 32, IV 12
 *	8 + 44	receiving: the same
 *	n * 8	bitmap of the replay window, params.window_bits / 64 words
 *	4	flight_ms
 *	8 + 24	flight: next number in epoch 0, Finished
 *	4 + m	flight: length of the unprotected records, and these
 */
#include <errno.h>
#include <string.h>

#include "blob.h"
#include "bytes.h"
#include "error.h"

static const uint8_t magic[] = { 'k', 'd', 't', 'l', 's', 0, 0, 1 };

enum way {
	MEASURE,
	WRITE,
	READ
};

/**
 * struct walk - through the bytes, for each of the three purposes
 * @way: what for
 * @at: where it is
 * @left: bytes from there; counts what's needed if it's to MEASURE
 * @bad: they didn't suffice
 */
struct walk {
	enum way way;
	uint8_t *at;
	size_t left;
	bool bad;
};

/* The next @len bytes; NULL: they aren't to be looked at, or not there. */
static uint8_t *advance(struct walk *w, size_t len)
{
	uint8_t *at = w->at;

	if (w->way == MEASURE) {
		w->left += len;
		return NULL;
	}
	if (len > w->left)
		w->bad = true;
	if (w->bad)
		return NULL;
	w->at += len;
	w->left -= len;
	return at;
}

static void walk_bytes(struct walk *w, void *bytes, size_t len)
{
	uint8_t *at = advance(w, len);

	if (at && w->way == WRITE)
		memcpy(at, bytes, len);
	else if (at)
		memcpy(bytes, at, len);
}

static uint64_t walk_number(struct walk *w, uint64_t v, size_t len)
{
	uint8_t *at = advance(w, len);

	if (!at)
		return v;
	if (w->way == WRITE)
		kdtls_put_be(at, v, len);
	return kdtls_get_be(at, len);
}

#define WALK(w, field) ((field) = walk_number(w, field, sizeof(field)))

static void walk_params(struct walk *w, struct dtls_params *params)
{
	WALK(w, params->window_bits);
	WALK(w, params->flags);
	WALK(w, params->rx_epochs);
	WALK(w, params->rx_epoch_ms);
	WALK(w, params->tx_pad);
	WALK(w, params->tx_payload_max);
	WALK(w, params->rx_payload_max);
}

static void walk_limits(struct walk *w, struct dtls_limits *limits)
{
	WALK(w, limits->tx_records);
	WALK(w, limits->tx_warn);
	WALK(w, limits->rx_failures);
	WALK(w, limits->rx_warn);
}

static void walk_cid(struct walk *w, struct dtls_cid *cid)
{
	WALK(w, cid->tx_len);
	walk_bytes(w, cid->tx, sizeof(cid->tx));
	WALK(w, cid->rx_len);
	walk_bytes(w, cid->rx, sizeof(cid->rx));
}

/* The only epoch there is here; with another one it's no blob of ours. */
static void walk_key(struct walk *w, struct kdtls_key *key, uint64_t *next)
{
	uint64_t rec_seq = (uint64_t)KDTLS_EPOCH << 48 | *next;

	WALK(w, rec_seq);
	if (rec_seq >> 48 != KDTLS_EPOCH)
		w->bad = true;
	*next = rec_seq & ((1ULL << 48) - 1);
	walk_bytes(w, key->key, sizeof(key->key));
	walk_bytes(w, key->iv, sizeof(key->iv));
}

static void walk_window(struct walk *w, struct kdtls_blob *blob)
{
	uint32_t bits = blob->params.window_bits;
	size_t i;

	if (bits < DTLS_WINDOW_MIN || bits > DTLS_WINDOW_MAX || bits % 64)
		w->bad = true;
	for (i = 0; i < bits / 64 && !w->bad; i++)
		WALK(w, blob->window.bitmap[i]);
}

static void walk_flight(struct walk *w, struct kdtls_blob *blob)
{
	struct kdtls_flight *flight = &blob->flight;
	uint32_t len = flight->clear.len;
	uint8_t *at;

	WALK(w, blob->flight_ms);
	WALK(w, flight->next_seq);
	walk_bytes(w, flight->finished, sizeof(flight->finished));
	WALK(w, len);
	at = advance(w, len);
	if (!at || !len)
		return;
	if (w->way == WRITE)
		memcpy(at, flight->clear.bytes, len);
	else
		flight->clear = (struct kdtls_buffer) {
			.bytes = at,
			.len = len,
		};
}

static void walk_all(struct walk *w, struct kdtls_blob *blob)
{
	uint64_t rx_next = blob->window.next;

	WALK(w, blob->cipher_type);
	WALK(w, blob->payload_max);
	walk_params(w, &blob->params);
	walk_limits(w, &blob->limits);
	walk_cid(w, &blob->cid);
	walk_key(w, &blob->tx, &blob->tx_next);
	walk_key(w, &blob->rx, &rx_next);
	blob->window.epoch = KDTLS_EPOCH;
	blob->window.next = rx_next;
	walk_window(w, blob);
	walk_flight(w, blob);
}

#define HEADER_LEN (sizeof(magic) + 4)

size_t kdtls_blob_len(struct kdtls_blob *blob)
{
	struct walk w = { .way = MEASURE };

	walk_all(&w, blob);
	return HEADER_LEN + w.left;
}

void kdtls_blob_write(struct kdtls_blob *blob, uint8_t *bytes)
{
	size_t len = kdtls_blob_len(blob);
	struct walk w = {
		.way = WRITE,
		.at = bytes + HEADER_LEN,
		.left = len - HEADER_LEN,
	};

	memcpy(bytes, magic, sizeof(magic));
	kdtls_put_be(bytes + sizeof(magic), len, 4);
	walk_all(&w, blob);
}

int kdtls_blob_read(struct kdtls_blob *blob, const uint8_t *bytes, size_t len)
{
	struct walk w = {
		.way = READ,
		.at = (uint8_t *)bytes + HEADER_LEN,
		.left = len - HEADER_LEN,
	};

	memset(blob, 0, sizeof(*blob));
	if (len < HEADER_LEN || memcmp(bytes, magic, sizeof(magic) - 1))
		return kdtls_error(EINVAL, "not the state of a connection");
	if (bytes[sizeof(magic) - 1] != magic[sizeof(magic) - 1])
		return kdtls_error(EPROTONOSUPPORT,
				   "the state is of version %u, not %u",
				   bytes[sizeof(magic) - 1],
				   magic[sizeof(magic) - 1]);
	walk_all(&w, blob);
	if (w.bad || w.left || kdtls_get_be(bytes + sizeof(magic), 4) != len) {
		kdtls_blob_wipe(blob);
		return kdtls_error(EINVAL, "the state is damaged");
	}
	return 0;
}

void kdtls_blob_wipe(struct kdtls_blob *blob)
{
	explicit_bzero(blob, sizeof(*blob));
}
