/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_EVENT_H
#define _DTLS_EVENT_H

struct dtls_assoc;
struct sock;

void dtls_event_tell(struct sock *sk, struct dtls_assoc *assoc);

#endif /* _DTLS_EVENT_H */
