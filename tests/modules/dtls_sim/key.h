/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_SIM_KEY_H
#define _DTLS_SIM_KEY_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/types.h>

#include "record.h"

/* A key in a slot. */
struct sim_key {
	struct hlist_node node; /* RX: of the device's */
	struct sim_protection protection;
	u32 direction;
	u32 cookie;
	struct in6_addr local, remote;
	__be16 local_port, remote_port;
};

#endif /* _DTLS_SIM_KEY_H */
