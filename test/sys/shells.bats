# What is made from the tables for people: completion for three shells, and the manual pages.
load lib

@test "completion scripts parse, and offer what is there" {
	"$HULL" completion bash >"$DIR/bash"
	bash -n "$DIR/bash"
	run bash -c '. "$0"; COMP_WORDS=(hull cre); COMP_CWORD=1; _hull; echo "${COMPREPLY[*]}"' "$DIR/bash"
	[ "$output" = create ]
	run bash -c '. "$0"; COMP_WORDS=(hull --root /x list --format ""); COMP_CWORD=5; _hull; echo "${COMPREPLY[*]}"' "$DIR/bash"
	[ "$output" = "table json" ]
	run bash -c '. "$0"; COMP_WORDS=(hull --root /x kill -a web1 HU); COMP_CWORD=6; _hull; echo "${COMPREPLY[*]}"' "$DIR/bash"
	[ "$output" = HUP ]
	run bash -c '. "$0"; COMP_WORDS=(hull kill HU); COMP_CWORD=2; _hull; echo "${COMPREPLY[*]}"' "$DIR/bash"
	[ "$output" = "" ] # the first operand is a container
	run bash -c '. "$0"; COMP_WORDS=(hull kill web1 HUP ""); COMP_CWORD=4; _hull; echo "${COMPREPLY[*]}"' "$DIR/bash"
	[ "$output" = "" ]
	"$HULL" completion zsh >"$DIR/zsh"
	grep -q '^#compdef hull$' "$DIR/zsh"
	"$HULL" completion fish >"$DIR/fish"
	"$HULL" completion --shell bash | cmp - "$DIR/bash"
}

@test "completion for zsh parses, and knows the signals of kill" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	"$HULL" completion zsh >"$DIR/zsh"
	zsh -n "$DIR/zsh"
	grep -A 9 '^	kill) ' "$DIR/zsh" | grep -q "'2:word:(HUP INT .* KILL .*)'"
}

@test "completion for fish parses, and offers the signals of kill" {
	command -v fish >/dev/null || skip "fish is not installed"
	"$HULL" completion fish >"$DIR/fish"
	fish -n "$DIR/fish"
	fish_offers() { HOME=$DIR PATH=${HULL%/*}:$PATH fish --no-config -c "source $DIR/fish; complete -C '$1'"; }
	fish_offers 'hull --root /x kill -a web1 H' | grep -qx HUP
	[ -z "$(fish_offers 'hull kill HU')" ]
	[ -z "$(fish_offers 'hull kill web1 HUP KI')" ]
	fish_offers 'hull cre' | grep -q ^create
}

@test "every signal that completion offers is known" {
	make_bundle
	local signal
	for signal in $("$HULL" completion fish | sed -n "s/^complete -c hull -n '__hull_operands kill 1' -a '\(.*\)'/\1/p"); do
		run hull kill nobody "$signal"
		[[ $output == *"does not exist"* ]]
	done
	[ "$signal" = SYS ]
}

@test "manual pages: one a command" {
	pages=$HERE/../../build/doc/man
	for page in hull $("$HULL" completion fish | sed -n 's/.*-n __fish_use_subcommand -a \([a-z-]*\) .*/hull-\1/p'); do
		pages_seen=$((pages_seen + 1))
		man -l "$pages/$page.1" >"$DIR/text"
		grep -q '^NAME$' "$DIR/text"
	done
	[ "$pages_seen" -gt 20 ]
}

@test "groff has nothing to say about the manual pages" {
	command -v groff >/dev/null || skip "groff is not installed"
	for page in "$HERE"/../../build/doc/man/*.[17]; do [ -z "$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null)" ]; done
}

@test "mandoc has nothing to say about the manual pages" {
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	mandoc -Tlint -Wwarning "$HERE"/../../build/doc/man/*.[17]
}
