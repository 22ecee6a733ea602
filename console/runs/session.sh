# For a host without bash: variables and the directory are carried to the next step, functions are not.
if [ -r "$OPS_STATE" ]; then
  . "$OPS_STATE" 2>/dev/null
fi
# set only now: what was kept holds the last step's
__ops_new=$OPS_STATE_NEW __ops_secrets=${OPS_SECRET_NAMES-} __ops_step=$OPS_STEP
unset OPS_STATE OPS_STATE_NEW OPS_SECRET_NAMES OPS_STEP
__ops_save() {
  __ops_saved=$(unset PPID LINENO $__ops_secrets; set)
  for __ops_one in $__ops_secrets; do
    eval "__ops_value=\${$__ops_one-}"
    # what was made of a secret is not written down: the next step begins as this one did
    case $__ops_value$__ops_saved in
      "$__ops_saved") ;;
      "$__ops_value"*"$__ops_value"*) return ;;
    esac
  done
  __ops_value=
  printf '%s\ncd -- "$PWD"\n# whole\n' "$__ops_saved" >"$__ops_new"
}
trap '__ops_code=$?
set +eux
__ops_save 2>/dev/null
exit "$__ops_code"' EXIT
. "$__ops_step"
