#!/usr/bin/env python3
"""resolve.py SECCOMP.JSON: an engine's profile with conditions, as the linux.seccomp document that Podman makes of it.

SECCOMP.JSON is /usr/share/containers/seccomp.json of Debian's golang-github-containers-common 0.50.1 (Apache-2.0). It names capabilities and
architectures under which a rule is included or excluded; here they are resolved for Podman's default capabilities on amd64.
"""
import json
import sys

CAPABILITIES = {"CAP_" + name for name in ("CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT").split()}
ARCH = "amd64"
NATIVE = "SCMP_ARCH_X86_64"


def applies(rule):
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if includes.get("arches") and ARCH not in includes["arches"]:
        return False
    if ARCH in (excludes.get("arches") or []):
        return False
    if not set(includes.get("caps") or []) <= CAPABILITIES:
        return False
    return not set(excludes.get("caps") or []) & CAPABILITIES


def resolve(profile):
    out = {"defaultAction": profile["defaultAction"]}
    if "defaultErrnoRet" in profile:
        out["defaultErrnoRet"] = profile["defaultErrnoRet"]
    for entry in profile["archMap"]:
        if entry["architecture"] == NATIVE:
            out["architectures"] = [NATIVE] + entry["subArchitectures"]
    out["syscalls"] = []
    for rule in profile["syscalls"]:
        if not applies(rule):
            continue
        new = {"names": rule["names"], "action": rule["action"]}
        if "errnoRet" in rule:
            new["errnoRet"] = rule["errnoRet"]
        if rule.get("args"):
            new["args"] = rule["args"]
        out["syscalls"].append(new)
    return out


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        json.dump(resolve(json.load(source)), sys.stdout, indent=1)
        print()
