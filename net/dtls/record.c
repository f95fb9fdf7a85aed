// SPDX-License-Identifier: GPL-2.0
/* The DTLS 1.2 record on the wire: RFC 6347, 4.1. Knows bytes and integers. */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "record.h"

#define OFF_TYPE	0
#define OFF_VERSION	1
#define OFF_NUMBER	3
#define OFF_CID		11

/**
 * dtls_record_parse() - read the header at the front of a buffer
 * @rec: where the header goes; its connection ID stays in @buf
 * @buf: the rest of a datagram
 * @len: length of @buf, bytes
 * @cid_len: length of the connection ID in a record that has one, bytes: the
 *	wire doesn't say
 *
 * Says only where the record ends; version, type, connection ID and epoch are
 * for the caller to judge, so that one foreign record doesn't cost those behind
 * it.
 *
 * Context: any.
 * Return: 0; -EBADMSG if no whole record stands there, and so nothing behind
 *	it can be found either.
 * Source: RFC 6347, 4.1 and 4.1.1; RFC 5246, 6.2.3; RFC 9146, 4.
 */
int dtls_record_parse(struct dtls_record *rec, const u8 *buf, size_t len,
		      u8 cid_len)
{
	size_t header_len;

	rec->cid_len = len && buf[OFF_TYPE] == DTLS_RECORD_CID ? cid_len : 0;
	header_len = dtls_record_header_len(rec);
	if (len < header_len)
		return -EBADMSG;

	rec->type = buf[OFF_TYPE];
	rec->version = get_unaligned_be16(buf + OFF_VERSION);
	rec->number = get_unaligned_be64(buf + OFF_NUMBER);
	rec->cid = buf + OFF_CID;
	rec->len = get_unaligned_be16(buf + OFF_CID + rec->cid_len);

	if (rec->len > len - header_len || rec->len > DTLS_RECORD_LEN_MAX)
		return -EBADMSG;
	return 0;
}

/**
 * dtls_record_put_header() - write a header
 * @buf: dtls_record_header_len(@rec) bytes
 * @rec: what to write
 *
 * Context: any.
 * Source: RFC 6347, 4.1; RFC 9146, 4.
 */
void dtls_record_put_header(u8 *buf, const struct dtls_record *rec)
{
	buf[OFF_TYPE] = rec->type;
	put_unaligned_be16(rec->version, buf + OFF_VERSION);
	put_unaligned_be64(rec->number, buf + OFF_NUMBER);
	if (rec->cid_len)
		memcpy(buf + OFF_CID, rec->cid, rec->cid_len);
	put_unaligned_be16(rec->len, buf + OFF_CID + rec->cid_len);
}

/* RFC 5246, 6.2.3.3: epoch 2, sequence number 6, type 1, version 2, length 2. */
static size_t put_aad(u8 *aad, const struct dtls_record *rec, u16 payload_len)
{
	put_unaligned_be64(rec->number, aad);
	aad[8] = rec->type;
	put_unaligned_be16(rec->version, aad + 9);
	put_unaligned_be16(payload_len, aad + 11);
	return 13;
}

/*
 * RFC 9146, 5.3: placeholder 8, type 1, length of the connection ID 1, type 1,
 * version 2, epoch 2, sequence number 6, connection ID, length 2.
 */
static size_t put_aad_cid(u8 *aad, const struct dtls_record *rec,
			  u16 inner_len)
{
	memset(aad, 0xff, 8);
	aad[8] = rec->type;
	aad[9] = rec->cid_len;
	aad[10] = rec->type;
	put_unaligned_be16(rec->version, aad + 11);
	put_unaligned_be64(rec->number, aad + 13);
	memcpy(aad + 21, rec->cid, rec->cid_len);
	put_unaligned_be16(inner_len, aad + 21 + rec->cid_len);
	return 23 + rec->cid_len;
}

/**
 * dtls_record_put_aad() - write the additional data that the AEAD covers
 * @aad: DTLS_RECORD_AAD_MAX bytes
 * @rec: the record's header
 * @payload_len: length of what is encrypted, bytes, without nonce and tag
 *
 * Context: any.
 * Return: length of the additional data, bytes.
 * Source: RFC 5246, 6.2.3.3; RFC 6347, 4.1.2.1; RFC 9146, 5.3.
 */
size_t dtls_record_put_aad(u8 *aad, const struct dtls_record *rec,
			   u16 payload_len)
{
	return rec->type == DTLS_RECORD_CID ?
		       put_aad_cid(aad, rec, payload_len) :
		       put_aad(aad, rec, payload_len);
}

/**
 * dtls_record_is_plain() - is this one of a handshake's unprotected records?
 * @rec: the record's header
 *
 * Context: any.
 * Return: true for epoch 0, a version of DTLS, and ChangeCipherSpec, alert or
 *	handshake that isn't empty.
 * Source: RFC 6347, 4.1 and 4.2.4.
 */
bool dtls_record_is_plain(const struct dtls_record *rec)
{
	return !dtls_record_epoch(rec->number) && rec->len &&
	       rec->len <= DTLS_RECORD_PAYLOAD_MAX &&
	       rec->type >= DTLS_RECORD_CCS &&
	       rec->type <= DTLS_RECORD_HANDSHAKE &&
	       (rec->version == DTLS_RECORD_VERSION_1_2 ||
		rec->version == DTLS_RECORD_VERSION_1_0);
}

/**
 * dtls_record_all_plain() - is this datagram made of such records?
 * @buf: the datagram
 * @len: its length, bytes
 *
 * Context: any.
 * Return: true if it's one or more whole records, dtls_record_is_plain() each.
 */
bool dtls_record_all_plain(const u8 *buf, size_t len)
{
	struct dtls_record rec;
	size_t offset = 0;

	do {
		if (dtls_record_parse(&rec, buf + offset, len - offset, 0) ||
		    !dtls_record_is_plain(&rec))
			return false;
		offset += DTLS_RECORD_HEADER_LEN + rec.len;
	} while (offset < len);
	return true;
}

/**
 * dtls_record_strip() - find content and type inside of a record with a CID
 * @inner: what was decrypted: content || type || zeros
 * @len: its length, bytes
 * @type: where the content type goes
 *
 * Context: any.
 * Return: length of the content, bytes; -EBADMSG if there's nothing but zeros.
 * Source: RFC 9146, 4 and 5.
 */
int dtls_record_strip(const u8 *inner, size_t len, u8 *type)
{
	while (len--)
		if (inner[len]) {
			*type = inner[len];
			return len;
		}
	return -EBADMSG;
}
