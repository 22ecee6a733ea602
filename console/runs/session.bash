# Read by bash (BASH_ENV) before a step: brings back what the step before it left, and sees that this one
# leaves the same for the next. How the step itself runs is not changed: no `set -e`, no aliases.
unset BASH_ENV
__ops_shell=$BASHPID __ops_new=$OPS_STATE_NEW __ops_secrets=${OPS_SECRET_NAMES-} __ops_trap=
__ops_state=${OPS_STATE-} __ops_began=$(compgen -e)
unset OPS_STATE OPS_STATE_NEW OPS_SECRET_NAMES
declare -A __ops_hidden=()
for __ops_name in $__ops_secrets; do __ops_hidden[$__ops_name]=${!__ops_name-}; done
unset __ops_name

# a step's own EXIT trap is kept, and runs after the saving
trap() {
  if ((BASHPID != __ops_shell)) || [[ ${1-} == -[lp]* ]] || (($# < 2)); then
    builtin trap "$@"
    return
  fi
  [[ $1 != -- ]] || shift
  local __ops_rest=() __ops_one
  for __ops_one in "${@:2}"; do
    case $__ops_one in
      0 | [Ee][Xx][Ii][Tt] | SIGEXIT) __ops_trap=${1#-} ;;
      *) __ops_rest+=("$__ops_one") ;;
    esac
  done
  ((${#__ops_rest[@]} == 0)) || builtin trap -- "$1" "${__ops_rest[@]}"
}

__ops_status() { return "$1"; }

# one variable as bash declares it; a secret in it is written by name, and an array that holds one not at all
__ops_declare() {
  local -n __ops_it=$1
  local __ops_key __ops_all
  for __ops_key in $__ops_secrets; do
    [[ -n ${__ops_hidden[$__ops_key]} ]] || continue
    if [[ ${__ops_it@a} == *[aA]* ]]; then
      __ops_all="${__ops_it[*]} ${!__ops_it[*]}"
      [[ $__ops_all != *"${__ops_hidden[$__ops_key]}"* ]] || return 0
    elif [[ ${__ops_it-} == *"${__ops_hidden[$__ops_key]}"* ]]; then
      __ops_veil "$1" "$__ops_key"
      return
    fi
  done
  declare -p "$1"
}

__ops_veil() {
  local -n __ops_it=$1
  local __ops_left=$__ops_it __ops_value=${__ops_hidden[$2]} __ops_flags=${__ops_it@a} __ops_other
  for __ops_other in $__ops_secrets; do
    [[ $__ops_other != "$2" && -n ${__ops_hidden[$__ops_other]} ]] || continue
    [[ ${__ops_left//"$__ops_value"/} != *"${__ops_hidden[$__ops_other]}"* ]] || return 0
  done
  printf 'declare -%s %s=' "${__ops_flags:--}" "$1"
  while [[ $__ops_left == *"$__ops_value"* ]]; do
    [[ $__ops_left == "$__ops_value"* ]] || printf %q "${__ops_left%%"$__ops_value"*}"
    printf '"${__ops_hidden[%s]}"' "$2"
    __ops_left=${__ops_left#*"$__ops_value"}
  done
  printf '%q\n' "$__ops_left"
}

__ops_save() {
  local __ops_name IFS=$' \t\n'
  {
    printf 'cd -- %q\n' "$PWD"
    for __ops_name in $__ops_began; do
      [[ -v $__ops_name || $__ops_name == OPS_* ]] || printf 'unset -v %s\n' "$__ops_name"
    done
    for __ops_name in $(compgen -v); do
      case $__ops_name in
        IFS) printf 'IFS=%q\n' "$__ops_ifs" ;;
        __ops_* | OPS_* | BASH | BASH_* | BASHOPTS | BASHPID | SHELLOPTS | COMP_* | DIRSTACK | EPOCH* | EUID) ;;
        UID | FUNCNAME | GROUPS | HISTCMD | LINENO | OPTARG | OPTIND | PIPESTATUS | PPID | PWD | OLDPWD) ;;
        RANDOM | SECONDS | SHLVL | SRANDOM | _) ;;
        *) __ops_declare "$__ops_name" ;;
      esac
    done
    for __ops_name in $(compgen -A function); do
      [[ $__ops_name == trap || $__ops_name == __ops_* ]] || declare -f -- "$__ops_name"
    done
    __ops_options 'shopt -s' 'shopt -u' "$__ops_s" "$(compgen -A shopt)"
    __ops_options 'set -o' 'set +o' "$__ops_o" "allexport braceexpand errtrace functrace hashall ignoreeof
      interactive-comments keyword noclobber noglob nounset physical pipefail posix verbose xtrace"
    printf '# whole\n'
  } >"$__ops_new" 2>/dev/null
}

# the shell's options as they were: errexit is not among them, it would end the next step
__ops_options() {
  local __ops_name
  for __ops_name in $4; do
    case $__ops_name in
      login_shell | restricted_shell) ;;
      *) if [[ :$3: == *":$__ops_name:"* ]]; then echo "$1 $__ops_name"; else echo "$2 $__ops_name"; fi ;;
    esac
  done
}

builtin trap '{
  __ops_code=$? __ops_o=$SHELLOPTS __ops_s=$BASHOPTS __ops_ifs=${IFS-}
  set +euxvfC; set +o posix; builtin trap - DEBUG ERR RETURN
} 2>/dev/null
__ops_save
__ops_status "$__ops_code"
eval "$__ops_trap"' EXIT

if [[ -r $__ops_state ]]; then
  . "$__ops_state"
fi
