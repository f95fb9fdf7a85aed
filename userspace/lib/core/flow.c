// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bytes.h"
#include "flow.h"
#include "record.h"

static bool is_protected(const struct kdtls_flow *flow, uint8_t type)
{
	if (type == KDTLS_TYPE_CCS)
		return false;
	return flow->changes || type == KDTLS_TYPE_DATA;
}

static void end_record(struct kdtls_flow *flow)
{
	flow->header_len = 0;
	if (!flow->is_kept)
		return;
	if (!flow->records)
		memcpy(flow->first, flow->last.bytes + KDTLS_STREAM_HEADER,
		       sizeof(flow->first));
	flow->records++;
}

static void keep(struct kdtls_flow *flow, const uint8_t *bytes, size_t len)
{
	if (!kdtls_buffer_append(&flow->last, bytes, len,
				 KDTLS_STREAM_RECORD_MAX))
		flow->broken = true;
}

static void begin_fragment(struct kdtls_flow *flow)
{
	uint8_t type = flow->header[0];

	flow->left = kdtls_get_be(flow->header + 3, 2);
	if (type < KDTLS_TYPE_CCS || type > KDTLS_TYPE_DATA ||
	    KDTLS_STREAM_HEADER + flow->left > KDTLS_STREAM_RECORD_MAX) {
		flow->broken = true;
		return;
	}
	flow->is_kept = is_protected(flow, type);
	if (type == KDTLS_TYPE_CCS)
		flow->changes++;
	if (flow->is_kept) {
		/* It's ciphertext: nothing to be wiped. */
		flow->last.len = 0;
		keep(flow, flow->header, sizeof(flow->header));
		/* No record is that short; @first lies in what there is. */
		if (flow->left < sizeof(flow->first))
			flow->broken = true;
	}
	if (!flow->left)
		end_record(flow);
}

size_t kdtls_flow_limit(const struct kdtls_flow *flow, size_t len)
{
	size_t left = flow->header_len < sizeof(flow->header) ?
			      sizeof(flow->header) - flow->header_len :
			      flow->left;

	return flow->broken || len < left ? len : left;
}

void kdtls_flow_pass(struct kdtls_flow *flow, const uint8_t *bytes, size_t len)
{
	size_t n;

	for (; len && !flow->broken; bytes += n, len -= n) {
		n = kdtls_flow_limit(flow, len);
		if (flow->header_len < sizeof(flow->header)) {
			memcpy(flow->header + flow->header_len, bytes, n);
			flow->header_len += n;
			if (flow->header_len == sizeof(flow->header))
				begin_fragment(flow);
			continue;
		}
		if (flow->is_kept)
			keep(flow, bytes, n);
		flow->left -= n;
		if (!flow->left && !flow->broken)
			end_record(flow);
	}
}

bool kdtls_flow_is_within(const struct kdtls_flow *flow)
{
	return flow->header_len;
}

bool kdtls_flow_is_at(const struct kdtls_flow *flow,
		      const struct kdtls_aead *opener, uint16_t version,
		      uint64_t seq, uint8_t *scratch,
		      struct kdtls_stream_content *content)
{
	if (flow->broken || !flow->records)
		return false;
	memcpy(scratch, flow->last.bytes, flow->last.len);
	return kdtls_stream_record_open(opener, version, seq, scratch,
					flow->last.len, content);
}

void kdtls_flow_free(struct kdtls_flow *flow)
{
	kdtls_buffer_free(&flow->last);
}
