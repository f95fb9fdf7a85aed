/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_EVENT_H
#define _DTLS_EVENT_H

#include "assoc.h"

struct sock;

void dtls_event_tell_news(struct sock *sk, struct dtls_assoc *assoc);

/**
 * dtls_event_tell() - likewise, where mostly there's nothing to say
 * @sk: the socket
 * @assoc: its association
 *
 * Context: process.
 */
static inline void dtls_event_tell(struct sock *sk, struct dtls_assoc *assoc)
{
	if (unlikely(READ_ONCE(assoc->has_news)))
		dtls_event_tell_news(sk, assoc);
}

#endif /* _DTLS_EVENT_H */
