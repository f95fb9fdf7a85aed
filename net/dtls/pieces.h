/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_PIECES_H
#define _DTLS_PIECES_H

#include <linux/types.h>

struct scatterlist;
struct sk_buff;

/**
 * struct dtls_pieces - the memory of a packet, from its front to its end
 * @skb: the packet
 * @i: the piece where the last look began: 0, the linear part; else a fragment
 * @start: offset of that piece in the packet, bytes
 */
struct dtls_pieces {
	const struct sk_buff	*skb;
	unsigned int		i;
	u32			start;
};

void dtls_pieces_init(struct dtls_pieces *pieces, const struct sk_buff *skb);
unsigned int dtls_pieces_count(const struct sk_buff *skb);
const u8 *dtls_pieces_peek(struct dtls_pieces *pieces, u32 offset, u32 len,
			   u8 *buf);
int dtls_pieces_copy(struct dtls_pieces *pieces, struct scatterlist *sg,
		     u32 offset);
int dtls_pieces_map(struct dtls_pieces *pieces, struct scatterlist *sg,
		    u32 offset, u32 len);
int dtls_pieces_strip(const struct sk_buff *text, u32 offset, u32 len, u8 *type);

#endif /* _DTLS_PIECES_H */
