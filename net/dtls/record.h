/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_RECORD_H
#define _DTLS_RECORD_H

#include <linux/types.h>

/* RFC 6347, 4.1: type 1, version 2, epoch 2, sequence number 6, length 2. */
#define DTLS_RECORD_HEADER_LEN	13
/* RFC 9146, 5.3: placeholder 8, type 1, length 1, type 1, version 2, ... */
#define DTLS_RECORD_AAD_MAX	(23 + DTLS_RECORD_CID_MAX)

/* RFC 9146 would allow 255. */
#define DTLS_RECORD_CID_MAX	20

#define DTLS_RECORD_SEQ_BITS	48
#define DTLS_RECORD_SEQ_MAX	((1ULL << DTLS_RECORD_SEQ_BITS) - 1)

/* RFC 5246, 6.2.1 and 6.2.3: content, and content with its protection. */
#define DTLS_RECORD_PAYLOAD_MAX	16384
#define DTLS_RECORD_LEN_MAX	(DTLS_RECORD_PAYLOAD_MAX + 2048)

enum dtls_record_type {
	DTLS_RECORD_CCS		= 20,
	DTLS_RECORD_ALERT	= 21,
	DTLS_RECORD_HANDSHAKE	= 22,
	DTLS_RECORD_DATA	= 23,
	/* RFC 9146, 3: the real type is inside. */
	DTLS_RECORD_CID		= 25,
};

/* The wire's version of DTLS 1.0, and of a first ClientHello. */
#define DTLS_RECORD_VERSION_1_0	0xfeff
#define DTLS_RECORD_VERSION_1_2	0xfefd

/**
 * struct dtls_record - the header of a record, in host order
 * @number: epoch(16) || sequence number(48), as the nonce and the AAD take it
 * @version: protocol version on the wire
 * @len: bytes behind the header
 * @type: content type
 * @cid_len: length of @cid, bytes; 0 unless @type is DTLS_RECORD_CID
 * @cid: the connection ID; in the datagram, of a record parsed
 */
struct dtls_record {
	u64		number;
	u16		version;
	u16		len;
	u8		type;
	u8		cid_len;
	const u8	*cid;
};

static inline size_t dtls_record_header_len(const struct dtls_record *rec)
{
	return DTLS_RECORD_HEADER_LEN + rec->cid_len;
}

static inline u64 dtls_record_number(u16 epoch, u64 seq)
{
	return (u64)epoch << DTLS_RECORD_SEQ_BITS | seq;
}

static inline u16 dtls_record_epoch(u64 number)
{
	return number >> DTLS_RECORD_SEQ_BITS;
}

static inline u64 dtls_record_seq(u64 number)
{
	return number & DTLS_RECORD_SEQ_MAX;
}

/**
 * dtls_record_type_is_known() - may a protected record have this type?
 * @type: content type
 *
 * ChangeCipherSpec (20) is sent unprotected only, and heartbeat (24) was never
 * negotiated by us.
 *
 * Context: any.
 * Return: true for alert, handshake and application data.
 * Source: RFC 5246, 6: unexpected types are dropped.
 */
static inline bool dtls_record_type_is_known(u8 type)
{
	return type >= DTLS_RECORD_ALERT && type <= DTLS_RECORD_DATA;
}

int dtls_record_parse(struct dtls_record *rec, const u8 *buf, size_t len,
		      u8 cid_len);
void dtls_record_put_header(u8 *buf, const struct dtls_record *rec);
size_t dtls_record_put_aad(u8 *aad, const struct dtls_record *rec,
			   u16 payload_len);
bool dtls_record_is_plain(const struct dtls_record *rec);
bool dtls_record_all_plain(const u8 *buf, size_t len);
int dtls_record_strip(const u8 *inner, size_t len, u8 *type);

#endif /* _DTLS_RECORD_H */
