#!/usr/bin/python
# SPDX-License-Identifier: MIT
"""Ansible's side of ``smtp-wizard set``: it runs the program and passes on what it says."""

from __future__ import annotations

import json

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: smtp_wizard
short_description: The [smtp] section of BOMnipotent Server, and its secret
description:
  - Calls C(smtp-wizard set) on the host. What is not named keeps its value.
  - The secret goes to the program through its standard input. It is neither in its arguments nor
    in its environment, nor in what this module returns.
  - Tests the settings live before it writes them, and writes nothing that would fail. Where
    nothing changes, nothing is tested.
options:
  config: {description: Path of config.toml., type: path, required: true}
  env_file: {description: Path of .env., type: path}
  user: {description: Login name., type: str}
  endpoint: {description: "Host name of the mail server, or smtp://host:port.", type: str}
  starttls: {description: STARTTLS on port 587 instead of SMTPS on port 465., type: bool}
  secret: {description: Password of the login., type: str}
  no_secret: {description: Remove the secret; no login., type: bool, default: false}
  secret_var: {description: Name of the variable that holds the secret., type: str}
  store:
    description: Where the secret is kept.
    type: str
    choices: [env, keyring, credential]
  skip_verification:
    description: Whether users are not verified by mail. Not named, it stays as it is.
    type: bool
  server_version: {description: "Version X.Y of the server, for I(skip_verification).", type: str}
  rename_section: {description: "Rename a misnamed [smtp_config].", type: bool, default: false}
  test: {description: Test live before a change is written., type: bool, default: true}
  timeout: {description: Seconds for the whole live test., type: float}
  backup:
    description:
      - Keep what is replaced for 30 days, so that C(smtp-wizard undo) can put it back.
      - Off by default, because the copy holds the old secret, and what is right is in the
        playbook.
    type: bool
    default: false
  executable:
    description: Name or path of the program; smtp-wizard.pyz is one.
    type: str
    default: smtp-wizard
"""

EXAMPLES = r"""
- smtp_wizard:
    config: /etc/bomnipotent_server/configs/config.toml
    user: bomnipotent@example.org
    endpoint: mail.example.org
    secret: "{{ vault_smtp_secret }}"
"""

RETURN = r"""
files: {description: "What was changed, or would be.", type: list, returned: success}
secret: {description: Where the secret is kept. Never the secret., type: dict, returned: success}
restart_needed: {description: The server does not notice by itself., type: bool, returned: success}
test: {description: "The live test, if there was one.", type: dict, returned: success}
error: {description: "Its code, message and remedy.", type: dict, returned: failure}
"""

VALUES = {
    "env_file": "--env-file",
    "user": "--user",
    "endpoint": "--endpoint",
    "secret_var": "--secret-var",
    "store": "--store",
    "server_version": "--server-version",
    "timeout": "--timeout",
}
SWITCHES = {
    "starttls": ("--starttls", "--no-starttls"),
    "skip_verification": ("--skip-verification", "--verify-users"),
}


def main() -> None:
    """Look what would change; then, unless Ansible only checks, change it."""
    module = AnsibleModule(
        argument_spec={
            "config": {"type": "path", "required": True},
            "env_file": {"type": "path"},
            "user": {"type": "str"},
            "endpoint": {"type": "str"},
            "starttls": {"type": "bool"},
            "secret": {"type": "str", "no_log": True},
            "no_secret": {"type": "bool", "default": False, "no_log": False},
            "secret_var": {"type": "str", "no_log": False},
            "store": {"type": "str", "choices": ["env", "keyring", "credential"]},
            "skip_verification": {"type": "bool"},
            "server_version": {"type": "str"},
            "rename_section": {"type": "bool", "default": False},
            "test": {"type": "bool", "default": True},
            "timeout": {"type": "float"},
            "backup": {"type": "bool", "default": False},
            "executable": {"type": "str", "default": "smtp-wizard"},
        },
        supports_check_mode=True,
    )
    if module.params["secret"] is not None and module.params["no_secret"]:
        module.fail_json(msg="secret and no_secret exclude each other.")
    program = module.get_bin_path(module.params["executable"], True, ["/usr/local/bin"])
    command = [program, "-c", module.params["config"], "set", "--json", *flags(module.params)]
    document = run(module, [*command, "--dry-run", "--no-test"])
    diff = [as_diff(file) for file in document["files"] if file["diff"]]
    if document["changed"] and not module.check_mode:
        document = run(module, command if module.params["test"] else [*command, "--no-test"])
    for file in document["files"]:
        file.pop("diff", None)
    for warning in document["warnings"]:
        module.warn(f"smtp-wizard: {warning['message']} ({warning['code']})")
    del document["warnings"]
    shown = diff if module._diff else []  # noqa: SLF001  (Ansible's documented name)
    module.exit_json(**document, diff=shown)


def flags(params: dict) -> list[str]:
    """Return the flags for what the task names."""
    named = []
    for name, flag in VALUES.items():
        if params[name] is not None:
            named += [flag, str(params[name])]
    for name, choice in SWITCHES.items():
        if params[name] is not None:
            named.append(choice[0] if params[name] else choice[1])
    for name, flag in (("no_secret", "--no-secret"), ("rename_section", "--rename-section")):
        if params[name]:
            named.append(flag)
    if params["secret"] is not None:
        named.append("--secret-stdin")
    if not params["backup"]:
        named.append("--no-backup")
    return named


def run(module: AnsibleModule, command: list[str]) -> dict:
    """Return the program's JSON document; end the task with its words where it fails."""
    code, out, err = module.run_command(
        command,
        data=module.params["secret"] or "",
        # Neither "~" nor "$" in a value is anything but itself.
        expand_user_and_vars=False,
        environ_update={"LANGUAGE": "", "LC_ALL": "C.UTF-8"},
    )
    try:
        document = json.loads(out)
    except ValueError:
        said = (err.strip().splitlines() or ["It said nothing."])[-1]
        module.fail_json(msg=f"smtp-wizard has failed. {said}", rc=code)
    if "error" in document:
        error = document["error"]
        place = f"{error['path']}: " if error["path"] else ""
        words = f"{place}{error['message']} {error['remedy']}".strip()
        module.fail_json(msg=words, error=error, test=document.get("test"), rc=code)
    return document


def as_diff(file: dict) -> dict:
    """Return one file's lines as Ansible shows them; the program has masked the secrets."""
    lines = [f"--- {file['path']}", f"+++ {file['path']}", *file["diff"], ""]
    return {"prepared": "\n".join(lines)}


if __name__ == "__main__":
    main()
