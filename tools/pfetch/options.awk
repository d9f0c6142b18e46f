# Makes of options.list what is made of it:
#
#   awk -v form=help -f options.awk options.list           C: the lines of --help and --help all
#   awk -v form=bash -f options.awk options.list TEMPLATE  TEMPLATE with the options in place of
#   awk -v form=zsh  -f options.awk options.list TEMPLATE  its line "@OPTIONS@", in that shell
BEGIN {
    FS = "  +"
    rows = 0
}
NR != FNR {
    if ($0 != "@OPTIONS@")
        print
    else if (form == "bash")
        bash()
    else
        zsh()
    next
}
/^#/ || /^$/ { next }
/^= / { kind[++rows] = "group"; text[rows] = substr($0, 3); next }
/^>/ { kind[++rows] = "text"; text[rows] = substr($0, 3); next }
{
    common[++rows] = /^\* /
    sub(/^(\* |  )/, "")
    if (NF != 3) {
        printf "options.list:%d: not OPTION  KIND  TEXT\n", NR >"/dev/stderr"
        failed = 1
        exit 1
    }
    kind[rows] = "option"
    spelled[rows] = $1
    offers[rows] = $2
    text[rows] = $3
    letter[rows] = match($1, /^-[a-zA-Z], /) ? substr($1, 1, 2) : ""
    match($1, /--[a-z0-9.-]+/)
    name[rows] = substr($1, RSTART, RLENGTH)
    value[rows] = substr($1, RSTART + RLENGTH)
}
END {
    if (failed)
        exit 1
    if (form == "help")
        help()
}

# ---------------------------------------------------------------- help --

function c_line(line) {
    sub(/ +$/, "", line)
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    gsub(/\n/, "\\n", line)
    print "    \"" line "\\n\","
}

# The option, and its text from column 29 on, in lines of at most 80 columns.
function help_option(row, line, word, words, i) {
    line = sprintf("  %-26s ", (letter[row] == "" ? "    " : "") spelled[row])
    if (length(line) > 29) {
        c_line(line)
        line = sprintf("%29s", "")
    }
    words = split(text[row], word, " ")
    for (i = 1; i <= words; i++) {
        if (length(line) + length(word[i]) > 79) {
            c_line(line)
            line = sprintf("%29s", "")
        }
        line = line word[i] " "
    }
    c_line(line)
}

function help_lines(array, all, row) {
    print "\nconst char *const " array "[] = {"
    for (row = 1; row <= rows; row++) {
        if (kind[row] == "text")
            c_line(text[row])
        else if (kind[row] == "group" && all)
            c_line((kind[row - 1] == "text" ? "" : "\n") text[row] ":")
        else if (kind[row] == "option" && (all || common[row]))
            help_option(row)
    }
    print "    NULL};"
}

function help() {
    print "/* Made of tools/pfetch/options.list by options.awk there. */"
    print "#include \"pfetch/options.h\""
    help_lines("options_help", 0)
    help_lines("options_help_all", 1)
}

# ---------------------------------------------------------------- bash --

# $_pfetch_options, and _pfetch_kind OPTION: sets $kind, with "=" before it where the value must be
# in the same word; "" for an option that takes none.
function bash(row, words) {
    for (row = 1; row <= rows; row++) {
        if (kind[row] == "option")
            words = words " " name[row] (value[row] ~ /^\[=/ ? " " name[row] "=" : "") \
                (letter[row] == "" ? "" : " " letter[row])
    }
    print "_pfetch_options='" substr(words, 2) "'\n"
    print "_pfetch_kind() {\n    case $1 in"
    for (row = 1; row <= rows; row++) {
        if (kind[row] == "option" && value[row] != "")
            print "    " name[row] (letter[row] == "" ? "" : " | " letter[row]) ") kind='" \
                (value[row] ~ /^\[=/ ? "=" : "") offers[row] "' ;;"
    }
    print "    *) kind='' ;;\n    esac\n}"
}

# ---------------------------------------------------------------- zsh --

function zsh_quoted(s) {
    gsub(/'/, "'\\''", s)
    return s
}

# What _arguments offers for the value of a row.
function zsh_action(row, of) {
    of = offers[row]
    if (of == "file")
        return "_files"
    if (of == "profile" || of == "spec")
        return "_pfetch_" of
    if (sub(/^words:/, "", of)) {
        gsub(/,/, " ", of)
        return "(" of ")"
    }
    return " "
}

# $_pfetch_options, for _arguments.
function zsh(row, many, what, told) {
    print "_pfetch_options=("
    for (row = 1; row <= rows; row++) {
        if (kind[row] != "option")
            continue
        told = text[row]
        gsub(/[][\\]/, "\\\\&", told)
        what = value[row]
        if (sub(/^ ?\[=?/, "", what))
            sub(/\]$/, "", what)
        gsub(/^[ =]*'?|'$/, "", what)
        gsub(/:/, "\\:", what)
        what = zsh_quoted("[" told "]" (value[row] == "" ? "" : \
            (value[row] ~ /^ ?\[/ ? "::" : ":") what ":" zsh_action(row)))
        many = text[row] ~ /repeatable|-vv/ ? "*" : ""
        if (letter[row] == "")
            print "    '" many name[row] zsh_joint(value[row], 1) what "'"
        else
            print "    '" (many ? many : "(" letter[row] " " name[row] ")") "'{" letter[row] \
                zsh_joint(value[row], 0) "," name[row] zsh_joint(value[row], 1) "}'" what "'"
    }
    print ")"
}

# How an option and its value are joined.
function zsh_joint(value, long) {
    if (value ~ /^\[=/)
        return "=-"
    return value == "" || value ~ /^ \[/ ? "" : long ? "=" : "+"
}
