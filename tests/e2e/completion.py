"""What the completions offer, in a real bash and a real zsh on a pseudo-terminal.

Keys are typed, the completing one among them, and then the line that came of it is run as the
arguments of a function that writes them down.
"""
import re
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

try:
    import pty
except ImportError as error:
    skip_all(f"no pseudo-terminals: {error}")

COMPLETIONS = os.path.join(BUILDDIR, "completion")
PROMPT = b"@what@"
TAB, ALL = "\t", "\x14"  # completes; inserts all that would be offered

SHOW = 'show() { printf "%s\\n" "$@" >"$SHOWN.new"; command mv "$SHOWN.new" "$SHOWN"; }\n'
BASHRC = SHOW + f"""
PS1='{PROMPT.decode()}' HISTFILE=
bind 'set bell-style none'
bind 'set completion-query-items 0'
bind '"\\C-t": insert-completions'
. '{COMPLETIONS}/pfetch'
"""
ZSHRC = SHOW + f"""
PS1='{PROMPT.decode()}' HISTFILE=
setopt no_beep no_prompt_sp no_prompt_cr
bindkey -e
fpath=('{COMPLETIONS}' $fpath)
autoload -Uz compinit
compinit -u -D
zle -C all-matches complete-word _generic
bindkey '^T' all-matches
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete
"""


class Shell:
    """An interactive shell in a directory with some files in it."""

    def __init__(self, *command):
        self.seen = b""
        self.ours, theirs = pty.openpty()
        env = {"PATH": BUILDDIR + ":" + os.environ["PATH"], "HOME": path("home"), "TERM": "dumb",
               "ZDOTDIR": path("home"), "INPUTRC": "/dev/null", "SHOWN": path("shown"),
               "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env,
                                        cwd=path("home"), start_new_session=True)
        os.close(theirs)
        threading.Thread(target=self._read, daemon=True).start()
        self._wait(lambda: PROMPT in self.seen)

    def _read(self):
        try:
            while piece := os.read(self.ours, 65536):
                self.seen += piece
        except OSError:
            pass

    def _wait(self, happened):
        limit = time.monotonic() + HANG_S
        while not happened():
            if time.monotonic() > limit or self.process.poll() is not None:
                print(self.seen[-2000:])
                sys.exit("the shell does not answer")
            time.sleep(0.01)

    def typed(self, line, key=TAB):
        """The words of the line that typing `line` and then `key` makes."""
        prompts = self.seen.count(PROMPT)
        # To the line's beginning, and "show" before it.
        os.write(self.ours, (line + key + "\x01show \r").encode())
        self._wait(lambda: os.path.exists(path("shown")) and self.seen.count(PROMPT) > prompts)
        words = read("shown").decode().splitlines()
        os.unlink(path("shown"))
        return words

    def offered(self, line):
        """What is offered for the last word of the line; the words before it must stay."""
        before = line.split()[:-1] if line[-1] != " " else line.split()
        words = self.typed(line, ALL)
        return words[len(before):] if words[:len(before)] == before else words

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def option_names():
    """Those of pfetch --help all, as they are typed."""
    text = subprocess.run([PFETCH, "--help", "all"], stdout=subprocess.PIPE, check=True).stdout
    names = set()
    for line in text.decode().splitlines():
        # Two spaces, or six and no letter: what follows is an option, or a continued text.
        words = line.split()
        if line.startswith("  -"):
            names |= {words[0].rstrip(","), re.match("--[a-z0-9.-]+", words[1])[0]}
        elif line.startswith("      --"):
            names.add(re.match("--[a-z0-9.-]+", words[0])[0])
    return names


def profile_names():
    text = subprocess.run([PFETCH, "--list-profiles"], stdout=subprocess.PIPE, check=True).stdout
    return sorted(line.split("\t")[0] for line in text.decode().splitlines())


def look_at(name, shell):
    """What both shells do."""
    def completes(line, words):
        return equal(f"{name}: {line!r}", shell.typed(line), words)

    def offers(line, words):
        return equal(f"{name}: all of {line!r}", sorted(shell.offered(line)), sorted(words))

    completes("pfetch --inp", ["pfetch", "--input"])
    completes("pfetch --show-p", ["pfetch", "--show-profile"])
    completes("pfetch -q --conc", ["pfetch", "-q", "--concurrency"])
    completes("pfetch --list-p", ["pfetch", "--list-profiles"])
    completes("pfetch -p scrapingb", ["pfetch", "-p", "scrapingbee"])
    completes("pfetch --profile scrapingb", ["pfetch", "--profile", "scrapingbee"])
    completes("pfetch --profile=scrapingb", ["pfetch", "--profile=scrapingbee"])
    offers("pfetch --show-profile ", profile_names())
    offers("pfetch --progress ", ["auto", "bar", "plain", "json", "none"])
    offers("pfetch --device ", ["desktop", "mobile"])
    completes("pfetch --device=m", ["pfetch", "--device=mobile"])
    completes("pfetch --concurrency a", ["pfetch", "--concurrency", "auto"])
    completes("pfetch --help ", ["pfetch", "--help", "all"])

    completes("pfetch -i ur", ["pfetch", "-i", "urls.txt"])
    completes("pfetch --input ur", ["pfetch", "--input", "urls.txt"])
    completes("pfetch --input=ur", ["pfetch", "--input=urls.txt"])
    completes("pfetch -qi tw", ["pfetch", "-qi", "two words.txt"])
    equal(f"{name}: a directory", shell.typed("pfetch --output pa", TAB + "control"),
          ["pfetch", "--output", "pages/control"])
    completes("pfetch --control pages/c", ["pfetch", "--control", "pages/control"])

    # Neither a number nor a URL is a file.
    completes("pfetch --limit ur", ["pfetch", "--limit", "ur"])
    completes("pfetch ur", ["pfetch", "ur"])
    completes("pfetch -- --inp", ["pfetch", "--", "--inp"])

    completes("pfetch --sandbox=cap", ["pfetch", "--sandbox=captcha="])
    completes("pfetch --sandbox=latency=1s,cap", ["pfetch", "--sandbox=latency=1s,captcha="])
    completes("pfetch --sandbox=latency=lognormal:1s:0.5,cap",
              ["pfetch", "--sandbox=latency=lognormal:1s:0.5,captcha="])
    completes("pfetch-sandbox seed=1,encoding=g", ["pfetch-sandbox", "seed=1,encoding=gzip"])
    completes("pfetch-sandbox profile=scrapingb", ["pfetch-sandbox", "profile=scrapingbee"])
    completes("pfetch-sandbox --max", ["pfetch-sandbox", "--max-time"])
    completes("pfetch-sandbox --max-time 5 hang", ["pfetch-sandbox", "--max-time", "5", "hangup="])

    got = set(shell.offered("pfetch -"))
    equal(f"{name}: every option, and no other", got - {"--sandbox="}, option_names())


def prepare():
    os.makedirs(path("home/pages"))
    for file in ("urls.txt", "two words.txt", "pages/control"):
        write("home/" + file, "")
    write("home/.bashrc", BASHRC)
    write("home/.zshrc", ZSHRC)


def look_at_installed():
    """The file that bash-completion finds for pfetch-sandbox leads to the one for pfetch."""
    os.mkdir(path("installed"))
    for file in (os.path.join(COMPLETIONS, "pfetch"),
                 os.path.join(SRCDIR, "tools/completion/pfetch-sandbox")):
        shutil.copy(file, path("installed"))
    said = subprocess.run(["bash", "-c", f". '{path('installed/pfetch-sandbox')}' && complete -p "
                           "pfetch-sandbox"], stdout=subprocess.PIPE).stdout
    equal("bash: pfetch-sandbox by its own name", said,
          b"complete -o default -F _pfetch_sandbox pfetch-sandbox\n")


prepare()
if shutil.which("bash"):
    bash = Shell("bash", "--noprofile", "--rcfile", path("home/.bashrc"), "-i")
    look_at("bash", bash)
    bash.close()
    look_at_installed()
else:
    skip("bash is not installed")
if shutil.which("zsh"):
    zsh = Shell("zsh", "-d", "-i")
    look_at("zsh", zsh)
    zsh.close()
else:
    skip("zsh is not installed")
finish()
