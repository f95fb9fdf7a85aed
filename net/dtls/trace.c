// SPDX-License-Identifier: GPL-2.0
/* What tracepoints are made of. */
#include <linux/kernel.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

/* As words: scripts compare them, and the numbers are nobody's business. */
static const char * const reasons[__DTLS_STAT_MAX] = {
	[DTLS_STAT_RX_REPLAYED]		= "replayed",
	[DTLS_STAT_RX_TOO_OLD]		= "too_old",
	[DTLS_STAT_RX_BAD_TAG]		= "bad_tag",
	[DTLS_STAT_RX_WRONG_EPOCH]	= "wrong_epoch",
	[DTLS_STAT_RX_MALFORMED]	= "malformed",
	[DTLS_STAT_RX_NO_KEY]		= "no_key",
	[DTLS_STAT_RX_ERROR]		= "error",
	[DTLS_STAT_RX_WRONG_CID]	= "wrong_cid",
	[DTLS_STAT_RX_EXPIRED]		= "expired",
	[DTLS_STAT_RX_WRONG_MARK]	= "wrong_mark",
	[DTLS_STAT_TX_ERROR]		= "tx_error",
	[DTLS_STAT_TX_DEVICE_DROP]	= "tx_device_drop",
};

/**
 * dtls_trace_reason() - why something was dropped, in a word
 * @stat: the counter that it moved
 *
 * Context: any.
 * Return: the counter's name in struct dtls_stats, without "rx_".
 */
const char *dtls_trace_reason(enum dtls_stat stat)
{
	return reasons[stat] ?: "other";
}
