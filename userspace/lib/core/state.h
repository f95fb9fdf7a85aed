/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* An association of datagrams leaves this process: see kdtls-core.h. */
#ifndef KDTLS_CORE_STATE_H
#define KDTLS_CORE_STATE_H

#include <sys/types.h>

#include "kdtls-core.h"

ssize_t kdtls_state_export(struct kdtls *k, void *bytes, size_t size);
int kdtls_state_detach(struct kdtls *k, unsigned int how);

#endif
