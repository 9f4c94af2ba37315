import { describe, expect, test } from 'bun:test'
import { renderTemplate } from '../../../src/provider/template/render.ts'

const environment = { HOST: 'a.example.org', EMPTY: '' }

function render(source: string): string {
  const rendered = renderTemplate(source, environment)
  return rendered.ok ? rendered.text : `${rendered.offset}: ${rendered.message}`
}

describe('a template', () => {
  test.each([
    // Text, trimming, comments
    ['plain } text { }}', 'plain } text { }}'],
    ['a {{- 1 -}} b', 'a1b'],
    ['a {{ 1 }} b', 'a 1 b'],
    ['{{-3}}', '-3'],
    ['a\n  {{- /* gone */ -}}\n b', 'ab'],
    ['a{{/* gone */}}b', 'ab'],
    ['{{ "{{" }} {{ `}}` }}', '{{ }}'],
    ['{{\n  add\n  1 2\n}}', '3'],
    // Literals
    ['{{ 1.5 }} {{ 1e3 }} {{ 0x10 }} {{ 0b11 }} {{ 017 }} {{ -7 }} {{ 1_000 }}', '1.5 1000 16 3 15 -7 1000'],
    ["{{ 'a' }} {{ '\\n' }}", '97 10'],
    ['{{ "tab\\tquote\\"\\u00e9\\x41\\101" }}', 'tab\tquote"éAA'],
    ['{{ true }} {{ false }} {{ . }}', 'true false false'],
    ['{{ list 1 "a" nil }} {{ dict "b" 1 "a" 2 }}', '[1 a <nil>] map[a:2 b:1]'],
    ['{{ (dict).missing }}', '<no value>'],
    // Pipelines and variables
    ['{{ "a" | upper | printf "%s-%s" "b" }}', 'b-A'],
    ['{{ printf "%d" (add 1 (mul 2 3)) }}', '7'],
    ['{{ $x := 1 }}{{ $x = 2 }}{{ $x }}', '2'],
    ['{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}', '21'],
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
    ['{{ $d := dict "a" (dict "b" 2) }}{{ $d.a.b }} {{ (dict "k" "v").k }}', '2 v'],
    // if, with
    ['{{ if 0 }}a{{ else if "" }}b{{ else if list }}c{{ else }}d{{ end }}', 'd'],
    ['{{ if eq 1 1 }}yes{{ end }}', 'yes'],
    ['{{ if and true (not false) (or false 1) }}yes{{ end }}', 'yes'],
    ['{{ if $x := env "HOST" }}{{ $x }}{{ end }}', 'a.example.org'],
    ['{{ with "v" }}{{ . }}{{ else }}none{{ end }}', 'v'],
    ['{{ with env "EMPTY" }}{{ . }}{{ else with "w" }}{{ . }}{{ end }}', 'w'],
    ['{{ or 1 (fail "never evaluated") }}{{ and 0 (fail "never evaluated") }}', '10'],
    // range
    ['{{ range list "a" "b" }}<{{ . }}>{{ end }}', '<a><b>'],
    ['{{ range $i, $v := list "a" "b" }}{{ $i }}{{ $v }}{{ end }}', '0a1b'],
    ['{{ range $v := list "a" "b" }}{{ $v }}{{ end }}', 'ab'],
    ['{{ range $k, $v := dict "b" 1 "a" 2 }}{{ $k }}={{ $v }};{{ end }}', 'a=2;b=1;'],
    ['{{ range 3 }}{{ . }}{{ end }}', '012'],
    ['{{ range list }}x{{ else }}none{{ end }}', 'none'],
    [
      '{{ range until 9 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ if gt . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}',
      '013',
    ],
    ['{{ range list 1 }}{{ $ }}{{ end }}', 'false'],
    ['{{ $n := 0 }}{{ range list 1 2 3 }}{{ $n = add $n . }}{{ end }}{{ $n }}', '6'],
    // Templates
    ['{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" 1 }}{{ template "t" "x" }}', '[1][x]'],
    ['{{ block "b" 3 }}<{{ . }}>{{ end }}{{ template "b" 4 }}', '<3><4>'],
    // What Traefik's own documentation shows
    [
      'routers:\n{{ range $i, $e := until 2 }}\n  router{{ $e }}-{{ env "HOST" }}:\n    rule: "x"\n{{ end }}',
      'routers:\n\n  router0-a.example.org:\n    rule: "x"\n\n  router1-a.example.org:\n    rule: "x"\n',
    ],
  ])('makes of %j', (source, text) => {
    expect(render(source)).toBe(text)
  })

  test.each([
    ['a {{ nope }}', '5: function "nope" is not defined'],
    ['{{ uper "x" }}', '3: function "uper" is not defined (did you mean upper?)'],
    ['{{ if true }}x', '0: {{if}} has no {{end}}'],
    ['x{{ end }}', '1: unexpected {{end}} in the template'],
    ['x{{ else }}', '1: unexpected {{else}} in the template'],
    ['{{ if 1 }}{{ else }}{{ else }}{{ end }}', '20: a second {{else}}'],
    ['a {{ 1 ', '2: unclosed action: }} is missing'],
    ['{{/* x }}', '2: unclosed comment: */ is missing'],
    ['{{ "abc }}', '3: unterminated quoted string'],
    ['{{ `abc }}', '3: unterminated raw string'],
    ['{{ "\\q" }}', '4: unknown escape \\q'],
    ["{{ 'ab' }}", '3: a character literal holds one character; use "…" or `…` for text'],
    ['{{ }}', '3: missing value for command'],
    ['{{ if }}{{ end }}', '6: missing value for if'],
    ['{{ 1 | }}', '7: missing value for command'],
    ['{{ 1 | 2 }}', '7: only a function can stand after |'],
    ['{{ 1 2 }}', "5: can't give an argument to a value that is not a function"],
    ['{{ nil }}', '3: nil is not a command'],
    ['{{ $x }}', '3: undefined variable $x'],
    ['{{ $x = 1 }}', '3: undefined variable $x'],
    ['{{ if $x := 1 }}{{ end }}{{ $x }}', '28: undefined variable $x'],
    ['{{ $a, $b := list 1 }}', '7: too many declarations: only {{range}} takes two variables'],
    ['{{ (1 }}', '3: unclosed parenthesis'],
    ['{{ 1 ) }}', '5: unexpected )'],
    ['{{ % }}', '3: unexpected "%" in an action'],
    ['{{ upper "a""b" }}', '12: unexpected "b": a space is missing before it'],
    ['{{ upper }}', '3: wrong number of arguments for upper: want 1, got 0'],
    ['{{ ne 1 2 3 }}', '3: wrong number of arguments for ne: want 2, got 3'],
    ['{{ eq 1 }}', '3: wrong number of arguments for eq: want at least 2, got 1'],
    ['{{ upper 1 }}', '3: upper: expected a string, got int "1"'],
    ['{{ eq 1 "1" }}', '3: eq: incompatible types for comparison: int and string'],
    ['{{ lt 1 1.5 }}', '3: lt: incompatible types for comparison: int and float64'],
    ['{{ .Name }}', "3: can't evaluate field Name in type bool"],
    ['{{ range "abc" }}{{ end }}', "9: range can't iterate over string"],
    ['{{ break }}', '0: {{break}} outside {{range}}'],
    ['{{ if 1 }}{{ define "x" }}{{ end }}{{ end }}', '10: {{define}} is allowed at the top level only'],
    ['{{ template "x" }}', '0: template "x" is not defined'],
    ['{{ template x }}', '12: {{template}} needs a quoted name'],
    ['{{ 99999999999999999999 }}', '3: integer overflow: 99999999999999999999'],
    ['{{ div 1 0 }}', '3: div: division by zero'],
    ['{{ index (list 1) 1 }}', '3: index: index out of range: 1'],
    ['{{ fail "told so" }}', '3: fail: told so'],
  ])('refuses %j', (source, error) => {
    expect(render(source)).toBe(error)
  })

  test.each([
    ['calls itself', '{{ define "r" }}{{ template "r" }}{{ end }}{{ template "r" }}', 'too deeply'],
    ['loops for long', '{{ range until 99999 }}{{ range until 99999 }}x{{ end }}{{ end }}', 'runs for too long'],
    ['nests blocks without measure', '{{ if 1 }}'.repeat(200_000), 'nested too deeply'],
    ['nests parentheses without measure', `{{ ${'('.repeat(200_000)} }}`, 'nested too deeply'],
    ['counts for ever', '{{ until 2000000000 }}', 'too long'],
    ['repeats without measure', '{{ repeat 2000000000 "x" }}', 'too long'],
    ['writes without measure', '{{ $x := repeat 1000000 "x" }}{{ range until 99 }}{{ $x }}{{ end }}', 'too long'],
  ])('that %s ends with an error', (_, source, message) => {
    expect(render(source)).toContain(message)
  })
})

describe('the place of a character of the result', () => {
  const source = 'one\n{{ range until 2 }}two {{ . }}\n{{ end }}three'
  const rendered = renderTemplate(source, {})
  test.each([
    ['one', 0],
    ['two 0', source.indexOf('two')],
    ['0', source.indexOf('{{ . }}')],
    ['two 1', source.indexOf('two')],
    ['1', source.indexOf('{{ . }}')],
    ['three', source.indexOf('three')],
    ['hree', source.indexOf('three') + 1],
  ])('is found for %j', (text, offset) => {
    if (!rendered.ok) throw new Error(rendered.message)
    expect(rendered.sourceOffset(rendered.text.indexOf(text))).toBe(offset)
  })
})
