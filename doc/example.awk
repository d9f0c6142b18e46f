# The program in the EXAMPLES section of a manual page: its .EX blocks, as a reader copies them.
/^\.SH / { within = $2 == "EXAMPLES" }
/^\.EE/ { copies = 0 }
copies {
    sub(/^\\&/, "")
    gsub(/\\-/, "-")
    gsub(/\\\(aq/, "'")
    gsub(/\\\(ha/, "^")
    gsub(/\\\(ti/, "~")
    gsub(/\\\(ga/, "`")
    gsub(/\\e/, "\\")
    print
}
/^\.EX/ && within { copies = 1 }
