// SPDX-License-Identifier: GPL-2.0 OR MIT
/* An association leaves this process, or comes from another one. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "association.h"
#include "blob.h"
#include "error.h"
#include "install.h"
#include "kernel.h"
#include "state.h"

#define SEQ_END (1ULL << 48)

static int get(const struct kdtls *k, int name, void *val, size_t len,
	       const char *what)
{
	int err = kdtls_kernel_get(k->fd, name, val, len);

	return err ? kdtls_error(-err, "%s: %s", what, strerror(-err)) : 0;
}

/* What doesn't change any more, and the length of all. */
static int collect_settings(struct kdtls *k, struct kdtls_blob *blob)
{
	struct dtls_info info;
	int err = get(k, DTLS_INFO, &info, sizeof(info), "the keys");

	if (!err &&
	    (info.tx_epoch != KDTLS_EPOCH || info.rx_epoch != KDTLS_EPOCH))
		err = kdtls_error(ESTALE,
				  "other keys than those handed over are in use");
	if (!err)
		err = get(k, DTLS_PARAMS, &blob->params, sizeof(blob->params),
			  "the parameters");
	if (!err)
		err = get(k, DTLS_CID, &blob->cid, sizeof(blob->cid),
			  "the connection IDs");
	blob->cipher_type = k->suite->cipher_type;
	blob->payload_max = k->payload_max;
	blob->tx = k->keys.tx;
	blob->rx = k->keys.rx;
	return err;
}

/* A key's bounds hold for it wherever it's used: what's left of them goes on. */
static uint64_t left(uint64_t limit, uint64_t used)
{
	return used < limit ? limit - used : 0;
}

/* The direction is at its end here, whatever comes. */
static int freeze(const struct kdtls *k, int direction, struct dtls_state *state)
{
	*state = (struct dtls_state) {
		.epoch = KDTLS_EPOCH,
		.direction = direction,
		.flags = DTLS_STATE_FREEZE,
	};
	return get(k, DTLS_STATE, state, sizeof(*state), "the keys' state");
}

static int collect_state(struct kdtls *k, struct kdtls_blob *blob)
{
	struct dtls_state tx, rx;
	int err = freeze(k, TLS_TX, &tx);

	if (!err)
		err = freeze(k, TLS_RX, &rx);
	if (err)
		return err;
	if (tx.next >= SEQ_END || rx.next >= SEQ_END)
		return kdtls_error(EKEYEXPIRED, "all numbers are used");
	blob->tx_next = tx.next;
	blob->window.next = rx.next;
	memcpy(blob->window.bitmap, rx.bitmap, sizeof(rx.bitmap));
	blob->limits.tx_records = left(tx.limit, tx.records);
	blob->limits.tx_warn = left(tx.warn, tx.records);
	blob->limits.rx_failures = left(rx.limit, rx.failures);
	blob->limits.rx_warn = left(rx.warn, rx.failures);
	return 0;
}

static int check_exportable(const struct kdtls *k)
{
	if (!k->keys.suite)
		return kdtls_error(ENOKEY,
				   "the keys weren't kept (KDTLS_KEEP_KEYS), or are exported already");
	if (k->early)
		return kdtls_error(EBUSY,
				   "%zu records are to be received before",
				   k->early_count);
	return 0;
}

static void collect_flight(struct kdtls *k, struct kdtls_blob *blob)
{
	kdtls_flight_expire(&k->flight);
	if (!k->flight.is_whole)
		return;
	blob->flight = k->flight;
	blob->flight_ms = k->flight.until_ms - kdtls_kernel->now_ms();
}

ssize_t kdtls_state_export(struct kdtls *k, void *bytes, size_t size)
{
	struct kdtls_blob blob = { 0 };
	int err = check_exportable(k);
	size_t len;

	if (!err)
		err = collect_settings(k, &blob);
	if (err)
		goto wipe;
	collect_flight(k, &blob);
	len = kdtls_blob_len(&blob);
	if (!bytes)
		goto wipe;
	if (size < len) {
		err = kdtls_error(ENOSPC, "room for %zu bytes is needed", len);
		goto wipe;
	}
	err = collect_state(k, &blob);
	if (!err) {
		kdtls_blob_write(&blob, bytes);
		kdtls_flight_free(&k->flight);
	}
	kdtls_keys_wipe(&k->keys);
wipe:
	kdtls_blob_wipe(&blob);
	return err ? err : (ssize_t)len;
}

/* 0 would be the cipher's own, so the last one stays where none is left. */
static uint64_t at_least_one(uint64_t n)
{
	return n ? n : 1;
}

static int install_limits(const struct kdtls_install *in,
			  const struct kdtls_blob *blob)
{
	struct dtls_limits limits = {
		.tx_records = at_least_one(blob->limits.tx_records),
		.tx_warn = at_least_one(blob->limits.tx_warn),
		.rx_failures = at_least_one(blob->limits.rx_failures),
		.rx_warn = at_least_one(blob->limits.rx_warn),
	};
	int err;

	if (!(blob->params.flags & DTLS_PARAM_SOFT_LIMITS) &&
	    (!blob->limits.tx_records || !blob->limits.rx_failures))
		return kdtls_error(EKEYEXPIRED, "a key is at its limit");
	err = kdtls_kernel_set(in->fd, DTLS_LIMITS, &limits, sizeof(limits));
	return err ? kdtls_error(-err, "setting the limits: %s",
				 strerror(-err)) :
		     0;
}

static int install_settings(const struct kdtls_install *in,
			    const struct kdtls_blob *blob)
{
	int err = kdtls_install_attach(in);

	if (err)
		return err;
	err = kdtls_kernel_set(in->fd, DTLS_PARAMS, &blob->params,
			       sizeof(blob->params));
	if (!err && (blob->cid.tx_len || blob->cid.rx_len))
		err = kdtls_kernel_set(in->fd, DTLS_CID, &blob->cid,
				       sizeof(blob->cid));
	if (err == -EBUSY)
		return kdtls_error(EBUSY, "the socket has keys already");
	if (err)
		return kdtls_error(-err, "setting the parameters: %s",
				   strerror(-err));
	return install_limits(in, blob);
}

/* The sending key last: until then the state can be imported elsewhere. */
static int install(const struct kdtls_install *in, const struct kdtls_blob *blob)
{
	size_t len = offsetof(struct dtls_window, bitmap) +
		     blob->params.window_bits / 8;
	int err = install_settings(in, blob);

	if (!err) {
		err = kdtls_kernel_set(in->fd, DTLS_RX_WINDOW, &blob->window,
				       len);
		if (err)
			kdtls_error(-err, "setting the replay window: %s",
				    strerror(-err));
	}
	if (!err)
		err = kdtls_install_rx(in, blob->window.next);
	if (!err)
		err = kdtls_install_tx(in);
	return err;
}

/* What's lost with it can't be asked for by the peer, which is no worse. */
static void restore_flight(struct kdtls *k, const struct kdtls_blob *blob)
{
	if (blob->flight_ms)
		kdtls_flight_restore(&k->flight, &blob->flight, blob->flight_ms);
}

static int import(const struct kdtls_blob *blob, int fd, unsigned int flags,
		  struct kdtls **out)
{
	struct kdtls_install in = {
		.fd = fd,
		.keys.suite = kdtls_suite_find(blob->cipher_type),
		.keys.tx = blob->tx,
		.keys.rx = blob->rx,
		.tx_next = blob->tx_next,
	};
	struct kdtls *k;
	int err;

	if (!in.keys.suite)
		return kdtls_error(EOPNOTSUPP, "cipher %#x isn't known",
				   blob->cipher_type);
	err = kdtls_install_check_socket(&in);
	if (err)
		return err;
	k = kdtls_association_new(fd, in.family);
	if (!k)
		return kdtls_error(ENOMEM, "no memory");
	err = install(&in, blob);
	if (err) {
		kdtls_free(k);
	} else {
		kdtls_association_settle(k, &in.keys, flags, blob->payload_max);
		restore_flight(k, blob);
		*out = k;
	}
	kdtls_keys_wipe(&in.keys);
	return err;
}

int kdtls_import(const void *bytes, size_t len, int fd, unsigned int flags,
		 struct kdtls **out)
{
	struct kdtls_blob blob;
	int err;

	*out = NULL;
	if (flags & ~KDTLS_KEEP_KEYS)
		return kdtls_error(EINVAL, "flags %#x unknown",
				   flags & ~KDTLS_KEEP_KEYS);
	err = kdtls_blob_read(&blob, bytes, len);
	if (err)
		return err;
	err = import(&blob, fd, flags, out);
	kdtls_blob_wipe(&blob);
	return err;
}

int kdtls_state_detach(struct kdtls *k, unsigned int how)
{
	__u32 val = how;
	int err = kdtls_kernel_set(k->fd, DTLS_DETACH, &val, sizeof(val));

	if (err)
		return err;
	kdtls_keys_wipe(&k->keys);
	kdtls_flight_free(&k->flight);
	return 0;
}
