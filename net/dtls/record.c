// SPDX-License-Identifier: GPL-2.0
/* The DTLS 1.2 record on the wire: RFC 6347, 4.1. Knows bytes and integers. */
#include <linux/errno.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "record.h"

#define OFF_TYPE	0
#define OFF_VERSION	1
#define OFF_NUMBER	3
#define OFF_LEN		11

/**
 * dtls_record_parse() - read the header at the front of a buffer
 * @rec: where the header goes
 * @buf: the rest of a datagram
 * @len: length of @buf, bytes
 *
 * Says only where the record ends; version, type and epoch are for the caller
 * to judge, so that one foreign record doesn't cost those behind it.
 *
 * Context: any.
 * Return: 0; -EBADMSG if no whole record stands there, and so nothing behind
 *	it can be found either.
 * Source: RFC 6347, 4.1 and 4.1.1; RFC 5246, 6.2.3.
 */
int dtls_record_parse(struct dtls_record *rec, const u8 *buf, size_t len)
{
	if (len < DTLS_RECORD_HEADER_LEN)
		return -EBADMSG;

	rec->type = buf[OFF_TYPE];
	rec->version = get_unaligned_be16(buf + OFF_VERSION);
	rec->number = get_unaligned_be64(buf + OFF_NUMBER);
	rec->len = get_unaligned_be16(buf + OFF_LEN);

	if (rec->len > len - DTLS_RECORD_HEADER_LEN ||
	    rec->len > DTLS_RECORD_LEN_MAX)
		return -EBADMSG;
	return 0;
}

/**
 * dtls_record_put_header() - write a header
 * @buf: DTLS_RECORD_HEADER_LEN bytes
 * @rec: what to write
 *
 * Context: any.
 * Source: RFC 6347, 4.1.
 */
void dtls_record_put_header(u8 *buf, const struct dtls_record *rec)
{
	buf[OFF_TYPE] = rec->type;
	put_unaligned_be16(rec->version, buf + OFF_VERSION);
	put_unaligned_be64(rec->number, buf + OFF_NUMBER);
	put_unaligned_be16(rec->len, buf + OFF_LEN);
}

/**
 * dtls_record_put_aad() - write the additional data that the AEAD covers
 * @aad: DTLS_RECORD_AAD_LEN bytes
 * @rec: the record's header
 * @payload_len: length of the content, bytes, without nonce and tag
 *
 * Context: any.
 * Source: RFC 5246, 6.2.3.3; RFC 6347, 4.1.2.1.
 */
void dtls_record_put_aad(u8 *aad, const struct dtls_record *rec,
			 u16 payload_len)
{
	put_unaligned_be64(rec->number, aad);
	aad[8] = rec->type;
	put_unaligned_be16(rec->version, aad + 9);
	put_unaligned_be16(payload_len, aad + 11);
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
bool dtls_record_type_is_known(u8 type)
{
	return type >= DTLS_RECORD_ALERT && type <= DTLS_RECORD_DATA;
}
