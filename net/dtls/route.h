/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_ROUTE_H
#define _DTLS_ROUTE_H

#include <linux/types.h>

struct dst_entry;
struct sock;

struct dst_entry *dtls_route_get(struct sock *sk);
size_t dtls_route_room_on(const struct sock *sk, const struct dst_entry *dst);
size_t dtls_route_room(struct sock *sk);
size_t dtls_route_room_cached(struct sock *sk);

#endif /* _DTLS_ROUTE_H */
