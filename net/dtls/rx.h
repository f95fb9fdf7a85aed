/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_RX_H
#define _DTLS_RX_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct dtls_assoc;
struct sk_buff;

/* No content type of a record: a datagram as it came, before the key. */
#define DTLS_RX_RAW	0

/**
 * struct dtls_rx_record - something for a reader
 * @assoc: whose it is; lives longer
 * @list: in the reader's list
 * @refs: the list's, and one a reader that looks at it
 * @skb: the datagram that it stands in; one reference
 * @offset: where in @skb the content begins, bytes
 * @len: length of the content, bytes
 * @number: epoch(16) || sequence number(48)
 * @type: content type, or DTLS_RX_RAW
 * @flags: DTLS_RECORD_*
 */
struct dtls_rx_record {
	struct dtls_assoc	*assoc;
	struct list_head	list;
	refcount_t		refs;
	struct sk_buff		*skb;
	u32			offset;
	u32			len;
	u64			number;
	u8			type;
	u8			flags;
};

void dtls_rx_open(struct dtls_assoc *assoc, struct sk_buff *skb,
		  struct list_head *records);
void dtls_rx_record_put(struct dtls_rx_record *record);

#endif /* _DTLS_RX_H */
