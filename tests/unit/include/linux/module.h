/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MODULE_H
#define _SHIM_LINUX_MODULE_H

#define EXPORT_SYMBOL_GPL(symbol)
#define EXPORT_SYMBOL(symbol)

#endif /* _SHIM_LINUX_MODULE_H */
