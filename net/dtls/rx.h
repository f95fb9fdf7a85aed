/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_RX_H
#define _DTLS_RX_H

#include "block.h"

struct dtls_assoc;
struct list_head;
struct sk_buff;

void dtls_rx_open(struct dtls_assoc *assoc, struct sk_buff *skb,
		  struct list_head *records);

#endif /* _DTLS_RX_H */
