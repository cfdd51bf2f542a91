/* The field tables that are documents of their own, too. */
#ifndef SPEC_OCI_TABLES_H
#define SPEC_OCI_TABLES_H

#include "spec/fields.h"

/* elements of the lists that the specification leaves open; each is far above what anybody uses */
enum {
	SPEC_MOUNTS_MAX = 16384,
	SPEC_NAMESPACES_MAX = 64,
	SPEC_RLIMITS_MAX = 64,
	SPEC_MAPPINGS_MAX = 340, /* user_namespaces(7) */
	SPEC_HOOKS_MAX = 1024,
	SPEC_DEVICES_MAX = 8192,
	SPEC_SECCOMP_RULES_MAX = 16384,
	SPEC_SECCOMP_NAMES_MAX = 4096,
	SPEC_SECCOMP_ARGS_MAX = 64,
};

extern const struct table *const oci_spec_table, *const oci_process_table, *const oci_resources_table, *const oci_mount_table,
	*const oci_seccomp_table;

#endif
