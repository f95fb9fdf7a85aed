// SPDX-License-Identifier: GPL-2.0
/* What keys are used with: parameters, connection IDs, limits. */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "assoc.h"
#include "params.h"

static_assert(DTLS_CID_MAX == DTLS_RECORD_CID_MAX);

static bool is_payload_limit(u32 len)
{
	return len >= DTLS_PAYLOAD_LIMIT_MIN && len <= DTLS_RECORD_PAYLOAD_MAX;
}

static bool are_valid(const struct dtls_params *params)
{
	return dtls_replay_bits_are_valid(params->window_bits) &&
	       !(params->flags & ~(DTLS_PARAM_CCM_8 | DTLS_PARAM_SOFT_LIMITS)) &&
	       params->rx_epochs >= DTLS_RX_EPOCHS_MIN &&
	       params->rx_epochs <= DTLS_RX_EPOCHS_MAX &&
	       params->rx_epoch_ms <= INT_MAX &&
	       params->tx_pad <= DTLS_RECORD_PAYLOAD_MAX &&
	       is_payload_limit(params->tx_payload_max) &&
	       is_payload_limit(params->rx_payload_max) && !params->reserved;
}

/**
 * dtls_params_set() - settle what the keys to come are used with
 * @assoc: the association
 * @given: the parameters
 * @len: how much of @given counts, bytes; the rest stays as it is
 *
 * Context: process.
 * Return: 0; -EINVAL for a value that can't be; -EBUSY once a key was
 *	installed.
 */
int dtls_params_set(struct dtls_assoc *assoc, const struct dtls_params *given,
		    size_t len)
{
	struct dtls_params params;
	int err = 0;

	mutex_lock(&assoc->key_lock);
	params = assoc->params;
	memcpy(&params, given, len);
	if (!are_valid(&params))
		err = -EINVAL;
	else if (assoc->has_keys)
		err = -EBUSY;
	else
		assoc->params = params;
	mutex_unlock(&assoc->key_lock);
	return err;
}

/**
 * dtls_params_get() - what was settled
 * @assoc: the association
 * @params: where it goes
 *
 * Context: process.
 */
void dtls_params_get(struct dtls_assoc *assoc, struct dtls_params *params)
{
	mutex_lock(&assoc->key_lock);
	*params = assoc->params;
	mutex_unlock(&assoc->key_lock);
}

/**
 * dtls_params_set_cid() - settle the connection IDs
 * @assoc: the association
 * @cid: both directions'
 *
 * Context: process.
 * Return: 0; -EINVAL if one is too long, or what is reserved isn't zero;
 *	-EBUSY once a key was installed.
 * Source: RFC 9146, 3.
 */
int dtls_params_set_cid(struct dtls_assoc *assoc, const struct dtls_cid *cid)
{
	int err = 0;

	if (cid->tx_len > DTLS_CID_MAX || cid->rx_len > DTLS_CID_MAX ||
	    memchr_inv(cid->reserved, 0, sizeof(cid->reserved)))
		return -EINVAL;
	mutex_lock(&assoc->key_lock);
	if (assoc->has_keys)
		err = -EBUSY;
	else
		assoc->cid = *cid;
	mutex_unlock(&assoc->key_lock);
	return err;
}

/**
 * dtls_params_get_cid() - the connection IDs
 * @assoc: the association
 * @cid: where they go
 *
 * Context: process.
 */
void dtls_params_get_cid(struct dtls_assoc *assoc, struct dtls_cid *cid)
{
	mutex_lock(&assoc->key_lock);
	*cid = assoc->cid;
	mutex_unlock(&assoc->key_lock);
}

/* What holds for a key whose cipher allows @most, @end at the latest. */
static struct dtls_epoch_limits limits_of(const struct dtls_assoc *assoc,
					  u64 most, u64 limit, u64 warn,
					  u64 end)
{
	struct dtls_epoch_limits limits;

	limits.limit = limit ? min(limit, most) : most;
	limits.warn = warn ? min(warn, limits.limit) :
			     limits.limit - limits.limit / 8;
	limits.end = assoc->params.flags & DTLS_PARAM_SOFT_LIMITS ?
			     end : limits.limit;
	return limits;
}

/**
 * dtls_params_apply_tx_limits() - tell a sending key its limits
 * @assoc: the association, its key_lock held
 * @epoch: with its key
 *
 * Context: process.
 */
void dtls_params_apply_tx_limits(const struct dtls_assoc *assoc,
				 struct dtls_epoch *epoch)
{
	struct dtls_epoch_limits limits;

	limits = limits_of(assoc, dtls_aead_cipher(epoch->aead)->tx_limit,
			   assoc->limits.tx_records, assoc->limits.tx_warn,
			   DTLS_RECORD_SEQ_MAX + 1);
	dtls_epoch_set_limits(epoch, &limits);
}

/**
 * dtls_params_apply_rx_limits() - tell a receiving key its limits
 * @assoc: the association, its key_lock held
 * @epoch: with its key
 *
 * Context: process.
 */
void dtls_params_apply_rx_limits(const struct dtls_assoc *assoc,
				 struct dtls_epoch *epoch)
{
	struct dtls_epoch_limits limits;

	limits = limits_of(assoc, dtls_aead_cipher(epoch->aead)->rx_limit,
			   assoc->limits.rx_failures, assoc->limits.rx_warn,
			   U64_MAX);
	dtls_epoch_set_limits(epoch, &limits);
}

static void note_news(struct dtls_assoc *assoc, const struct dtls_epoch *epoch)
{
	if (dtls_epoch_has_news(epoch))
		WRITE_ONCE(assoc->has_news, 1);
}

/**
 * dtls_params_set_limits() - how much keys may be used
 * @assoc: the association; its keys and those to come
 * @limits: the limits, 0 for the cipher's own
 *
 * Context: process.
 */
void dtls_params_set_limits(struct dtls_assoc *assoc,
			    const struct dtls_limits *limits)
{
	struct dtls_epoch *epoch;
	int i;

	mutex_lock(&assoc->key_lock);
	assoc->limits = *limits;
	epoch = dtls_assoc_locked_tx(assoc);
	if (epoch) {
		dtls_params_apply_tx_limits(assoc, epoch);
		note_news(assoc, epoch);
	}
	for (i = 0; i < DTLS_RX_EPOCHS_MAX; i++) {
		epoch = dtls_assoc_locked_rx(assoc, i);
		if (!epoch)
			continue;
		dtls_params_apply_rx_limits(assoc, epoch);
		note_news(assoc, epoch);
	}
	mutex_unlock(&assoc->key_lock);
}

/**
 * dtls_params_get_limits() - how much the newest keys may be used
 * @assoc: the association
 * @limits: where that goes; what was set, where there's no key
 *
 * Context: process.
 */
void dtls_params_get_limits(struct dtls_assoc *assoc,
			    struct dtls_limits *limits)
{
	const struct dtls_epoch *epoch;

	mutex_lock(&assoc->key_lock);
	*limits = assoc->limits;
	epoch = dtls_assoc_locked_tx(assoc);
	if (epoch) {
		limits->tx_records = epoch->limits.limit;
		limits->tx_warn = epoch->limits.warn;
	}
	epoch = dtls_assoc_locked_rx(assoc, 0);
	if (epoch) {
		limits->rx_failures = epoch->limits.limit;
		limits->rx_warn = epoch->limits.warn;
	}
	mutex_unlock(&assoc->key_lock);
}
