/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_PARAMS_H
#define _DTLS_PARAMS_H

#include <linux/types.h>

struct dtls_assoc;
struct dtls_cid;
struct dtls_epoch;
struct dtls_limits;
struct dtls_params;

int dtls_params_set(struct dtls_assoc *assoc, const struct dtls_params *given,
		    size_t len);
void dtls_params_get(struct dtls_assoc *assoc, struct dtls_params *params);
int dtls_params_set_cid(struct dtls_assoc *assoc, const struct dtls_cid *cid);
void dtls_params_get_cid(struct dtls_assoc *assoc, struct dtls_cid *cid);

void dtls_params_set_limits(struct dtls_assoc *assoc,
			    const struct dtls_limits *limits);
void dtls_params_get_limits(struct dtls_assoc *assoc,
			    struct dtls_limits *limits);
void dtls_params_apply_tx_limits(const struct dtls_assoc *assoc,
				 struct dtls_epoch *epoch);
void dtls_params_apply_rx_limits(const struct dtls_assoc *assoc,
				 struct dtls_epoch *epoch);

#endif /* _DTLS_PARAMS_H */
