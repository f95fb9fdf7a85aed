// SPDX-License-Identifier: GPL-2.0
/* Options that say how keys are used. */
#include <net/sock.h>

#include "assoc.h"
#include "context.h"
#include "event.h"
#include "option.h"
#include "params.h"

static_assert(sizeof(struct dtls_params) == 32);
static_assert(sizeof(struct dtls_cid) == 48);
static_assert(sizeof(struct dtls_limits) == 32);
static_assert(sizeof(struct dtls_record_info) == 16);
static_assert(DTLS_WINDOW_MIN == DTLS_REPLAY_BITS_MIN);
static_assert(DTLS_WINDOW_MAX == DTLS_REPLAY_BITS_MAX);
static_assert(DTLS_MAX_PAYLOAD == DTLS_RECORD_PAYLOAD_MAX);

/* What the first version of struct dtls_params had. */
#define PARAMS_LEN_MIN	offsetofend(struct dtls_params, flags)

/* DTLS_PARAMS */
DTLS_OPTION_SET(params)
{
	struct dtls_params params = {};

	if (optlen < PARAMS_LEN_MIN || optlen > sizeof(params) ||
	    optlen % sizeof(u32))
		return -EINVAL;
	if (copy_from_sockptr(&params, optval, optlen))
		return -EFAULT;
	return dtls_params_set(dtls_context(sk)->assoc, &params, optlen);
}

DTLS_OPTION_GET(params)
{
	struct dtls_params params;

	dtls_params_get(dtls_context(sk)->assoc, &params);
	return dtls_option_put(optval, optlen, len, &params, sizeof(params));
}

/* DTLS_CID */
DTLS_OPTION_SET(cid)
{
	struct dtls_cid cid;
	int err;

	err = dtls_option_take(&cid, sizeof(cid), optval, optlen);
	if (err)
		return err;
	return dtls_params_set_cid(dtls_context(sk)->assoc, &cid);
}

DTLS_OPTION_GET(cid)
{
	struct dtls_cid cid;

	dtls_params_get_cid(dtls_context(sk)->assoc, &cid);
	return dtls_option_put(optval, optlen, len, &cid, sizeof(cid));
}

/* DTLS_LIMITS */
DTLS_OPTION_SET(limits)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	struct dtls_limits limits;
	int err;

	err = dtls_option_take(&limits, sizeof(limits), optval, optlen);
	if (err)
		return err;
	dtls_params_set_limits(assoc, &limits);
	dtls_event_tell(sk, assoc);
	/* A reader that sleeps may have nothing to hope for any more. */
	if (dtls_assoc_rx_status(assoc))
		sk->sk_data_ready(sk);
	return 0;
}

DTLS_OPTION_GET(limits)
{
	struct dtls_limits limits;

	dtls_params_get_limits(dtls_context(sk)->assoc, &limits);
	return dtls_option_put(optval, optlen, len, &limits, sizeof(limits));
}

/* DTLS_RECV */
DTLS_OPTION_SET(recv)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	u32 flags;
	int err;

	err = dtls_option_take(&flags, sizeof(flags), optval, optlen);
	if (err)
		return err;
	if (flags & ~(DTLS_RECV_INFO | DTLS_RECV_EPOCH0 | DTLS_RECV_EVENTS))
		return -EINVAL;
	WRITE_ONCE(assoc->recv_flags, flags);
	dtls_event_tell(sk, assoc);
	return 0;
}

DTLS_OPTION_GET(recv)
{
	u32 flags = READ_ONCE(dtls_context(sk)->assoc->recv_flags);

	return dtls_option_put(optval, optlen, len, &flags, sizeof(flags));
}
