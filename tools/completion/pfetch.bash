# bash completion for pfetch(1) and pfetch-sandbox(1).  It needs nothing of the bash-completion
# package, which only finds it: sourcing it does as well.
# shellcheck shell=bash

@OPTIONS@

_pfetch_sandbox_options='--listen -l --max-time --help -h --version -V'
_pfetch_settings='profile= key= latency= size= limit= retry-after= ban= credits= cost= error= empty= captcha= cut= drop= target-404= target-503= slow= slow-body= slow-ms= chunked= close= hangup= binary= encoding= seed='

# The whole word before the cursor in $cur and the one before that in $prev.  bash has cut them at
# the characters of COMP_WORDBREAKS, of which "=" and ":" stand within our words, and puts what is
# offered behind the last of them: $kept is what stays before it.
_pfetch_words() {
    local i=$COMP_CWORD last=${COMP_WORDS[COMP_CWORD]}

    cur=$last
    while ((i > 1)) && [[ $cur == [=:]* || ${COMP_WORDS[i - 1]} == [=:] ]]; do
        i=$((i - 1))
        cur=${COMP_WORDS[i]}$cur
    done
    prev=${COMP_WORDS[i - 1]}
    [[ $last != [=:] ]] || last=
    kept=${cur%"$last"}
}

# _pfetch_offer BEFORE WORD ...: the words that begin as what is written behind BEFORE does.
_pfetch_offer() {
    local before=$1 word

    shift
    for word; do
        word=$before$word
        [[ $word != "$cur"* ]] || COMPREPLY+=("${word#"$kept"}")
    done
    # What ends in "=" goes on in the same word.
    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

# _pfetch_profiles BEFORE: the names of profiles.
_pfetch_profiles() {
    local before=$1 name names=()

    while IFS=$'\t' read -r name _; do
        names+=("$name")
    done < <("$_pfetch_program" --list-profiles 2>/dev/null)
    _pfetch_offer "$before" "${names[@]}"
}

# _pfetch_spec BEFORE: a sandbox's SPEC, behind its last comma.
_pfetch_spec() {
    local before=$1 spec=${cur#"$1"}

    [[ $spec != *,* ]] || before=${cur%,*},
    # shellcheck disable=SC2086 # a list of words
    case ${spec##*,} in
    profile=*) _pfetch_profiles "${before}profile=" ;;
    encoding=*) _pfetch_offer "${before}encoding=" gzip br zstd mix none ;;
    *=*) ;;
    *) _pfetch_offer "$before" $_pfetch_settings ;;
    esac
}

# _pfetch_value KIND BEFORE: the value of an option.  For files nothing is offered, and readline
# does what it does without us.
_pfetch_value() {
    local words

    [[ $1 == file ]] || compopt +o default
    case $1 in
    profile) _pfetch_profiles "$2" ;;
    spec) _pfetch_spec "$2" ;;
    words:*)
        IFS=, read -ra words <<<"${1#words:}"
        _pfetch_offer "$2" "${words[@]}"
        ;;
    esac
}

# Whether "--" has ended the options.
_pfetch_options_ended() {
    local i

    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != -- ]] || return 0
    done
    return 1
}

_pfetch() {
    local cur prev kept kind option _pfetch_program=$1

    COMPREPLY=()
    _pfetch_words
    if ! _pfetch_options_ended; then
        if [[ $cur == --*=* ]]; then
            _pfetch_kind "${cur%%=*}"
            _pfetch_value "${kind#=}" "${cur%%=*}="
            return
        fi
        option=$prev
        [[ $prev != -[!-]?* ]] || option=-${prev: -1} # the last of a cluster, as -qi
        _pfetch_kind "$option"
        if [[ $kind == [!=]* ]]; then
            _pfetch_value "$kind" ''
            return
        fi
        # shellcheck disable=SC2086,SC2154 # a list of words, made above
        [[ -n $cur && $cur != -* ]] || _pfetch_offer '' $_pfetch_options
    fi
    compopt +o default # a URL
}

_pfetch_sandbox() {
    local cur prev kept _pfetch_program=pfetch

    COMPREPLY=()
    _pfetch_words
    compopt +o default
    case $prev in
    -l | --listen | --max-time) return ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    case $cur in
    --listen=* | --max-time=*) ;;
    -*) _pfetch_offer '' $_pfetch_sandbox_options ;;
    *) _pfetch_spec '' ;;
    esac
}

complete -o default -F _pfetch pfetch
complete -o default -F _pfetch_sandbox pfetch-sandbox
