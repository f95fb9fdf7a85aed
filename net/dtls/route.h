/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_ROUTE_H
#define _DTLS_ROUTE_H

#include <linux/types.h>

struct sock;

size_t dtls_route_room(struct sock *sk);

#endif /* _DTLS_ROUTE_H */
