/*
 * The parts of spec_check(), for documents that are only a part of a spec. Pure: they look at values, never at the machine.
 * @place: what the part is called in messages ("process", "linux.resources"). All return 0 or -1 after fail().
 */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "spec/spec.h"

int check_process(struct error *e, const struct process *process, const char *place);
int check_mounts(struct error *e, const struct mount_list *mounts, const char *place);
int check_linux(struct error *e, const struct spec *spec);
int check_resources(struct error *e, const struct resources *resources, const char *place);
int check_sysctl(struct error *e, const struct spec *spec);
int check_seccomp(struct error *e, const struct spec *spec);
int check_mappings(struct error *e, const struct id_mapping_list *list, const char *place, const char *key);

/**
 * check_number_list - whether @s is a list as cpuset(7) writes them: "0-3,7"; spaces around the commas are accepted.
 */
bool check_number_list(const char *s);

/**
 * check_line - whether @s holds no control characters: it will be part of a line or a file name that the kernel parses.
 */
bool check_line(const char *s);

#endif
