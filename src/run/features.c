/* `hull features` (runtime-spec 1.3, features.md): what this build and this host can do, each aspect its own part. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aspect/sequence.h"
#include "base/json.h"
#include "run/show.h"
#include "spec/oci.h"

static const char *const hook_names[] = { "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop" };

/* annotations that change isolation: the spec wants them named ("." at the end: a prefix) */
static const char *const unsafe_annotations[] = {
	"org.systemd.property.", "org.criu.config", "run.oci.handler", "run.oci.hooks.", "run.oci.keep_original_groups", "run.oci.mount_context_type",
	"run.oci.pidfd_receiver", "run.oci.seccomp.", "run.oci.seccomp_bpf_data", "run.oci.seccomp_fail_unknown_syscall", "run.oci.systemd.",
	"run.oci.delegate-cgroup", NULL,
};

static void write_strings(struct json_writer *w, const char *key, const char *const *v)
{
	json_open_array(w, key);
	for (; *v; v++)
		json_string(w, NULL, *v);
	json_close_array(w);
}

static void write_names(struct json_writer *w, const char *key, const struct names *names)
{
	json_open_array(w, key);
	for (size_t i = 0; i < names->n; i++)
		json_string(w, NULL, names->v[i].name);
	json_close_array(w);
}

static void write_linux(struct json_writer *w)
{
	bool done[ASPECT_MAX] = { false };

	json_open_object(w, "linux");
	write_names(w, "namespaces", &names_namespaces);
	write_names(w, "capabilities", &names_capabilities);
	for (size_t i = 0; i < sequence_prepare.n; i++) {
		const struct aspect *aspect = sequence_prepare.v[i];

		if (aspect->features && !done[aspect->id])
			aspect->features(w);
		done[aspect->id] = true;
	}
	json_close_object(w);
}

int show_features(struct hull *h, char **ret_json)
{
	struct json_writer w = json_writer_on(&h->arena, 4);
	char *copy;

	json_open_object(&w, NULL);
	json_string(&w, "ociVersionMin", "1.0.0");
	json_string(&w, "ociVersionMax", HULL_OCI_VERSION);
	json_open_array(&w, "hooks");
	for (size_t i = 0; i < sizeof(hook_names) / sizeof(hook_names[0]); i++)
		json_string(&w, NULL, hook_names[i]);
	json_close_array(&w);
	write_strings(&w, "mountOptions", spec_mount_option_names());
	write_linux(&w);
	json_open_object(&w, "annotations");
	json_string(&w, "org.opencontainers.hull.version", HULL_VERSION);
	json_string(&w, "run.oci.crun.checkpoint.enabled", "false");
	json_close_object(&w);
	write_strings(&w, "potentiallyUnsafeConfigAnnotations", unsafe_annotations);
	json_close_object(&w);
	copy = strdup(json_text(&w));
	if (!copy)
		return fail(&h->error, ENOMEM, "cannot hand out a document");
	*ret_json = copy;
	return 0;
}
