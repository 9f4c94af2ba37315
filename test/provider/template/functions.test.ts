import { describe, expect, test } from 'bun:test'
import { templateFunctions } from '../../../src/provider/template/functions.ts'
import { renderTemplate } from '../../../src/provider/template/render.ts'

const environment = { HOST: 'a.example.org', EMPTY: '' }

// Every object has a toString of its own, whose type hides that of the table.
const toStringExample: [string, string] = ['toString 1 | quote', '"1"']

const examples: Record<string, [string, string][]> = {
  add: [['add 1 2 "3"', '6']],
  add1: [['add1 41', '42']],
  all: [
    ['all 1 "a" true', 'true'],
    ['all 1 0', 'false'],
  ],
  and: [
    ['and 1 0 2', '0'],
    ['and 1 2', '2'],
  ],
  any: [
    ['any 0 "" 1', 'true'],
    ['any', 'false'],
  ],
  append: [['append (list 1) 2', '[1 2]']],
  atoi: [
    ['atoi "12"', '12'],
    ['atoi "x"', '0'],
  ],
  b64dec: [['b64dec "aGk="', 'hi']],
  b64enc: [['b64enc "hi"', 'aGk=']],
  cat: [['cat "a" 1 nil "b"', 'a 1 b']],
  ceil: [['ceil 1.2', '2']],
  coalesce: [['coalesce 0 "" "x" "y"', 'x']],
  compact: [['compact (list "a" "" "b")', '[a b]']],
  concat: [['concat (list 1) (list 2 3)', '[1 2 3]']],
  contains: [['contains "b" "abc"', 'true']],
  default: [
    ['default "x" ""', 'x'],
    ['env "HOST" | default "x"', 'a.example.org'],
    ['default "x"', 'x'],
  ],
  dict: [['dict "a" 1 "b"', 'map[a:1 b:]']],
  div: [
    ['div 7 2', '3'],
    ['div -7 2', '-3'],
  ],
  empty: [
    ['empty ""', 'true'],
    ['empty "a"', 'false'],
  ],
  env: [
    ['env "HOST"', 'a.example.org'],
    ['env "NONE"', ''],
  ],
  eq: [
    ['eq 1 2 1', 'true'],
    ['eq "a" "b"', 'false'],
    ['eq nil nil', 'true'],
  ],
  expandenv: [['expandenv "x-$HOST-${HOST}-$NONE."', 'x-a.example.org-a.example.org-.']],
  first: [['first (list 1 2)', '1']],
  float64: [['float64 "1.5"', '1.5']],
  floor: [['floor 1.8', '1']],
  fromJson: [['fromJson `{"a":[1,2.5,null,true]}`', 'map[a:[1 2.5 <nil> true]]']],
  ge: [['ge 2 2', 'true']],
  get: [
    ['get (dict "a" 1) "a"', '1'],
    ['get (dict) "a"', ''],
  ],
  gt: [['gt 2.5 1.5', 'true']],
  has: [['has 2 (list 1 2)', 'true']],
  hasKey: [['hasKey (dict "a" 1) "a"', 'true']],
  hasPrefix: [['hasPrefix "a" "abc"', 'true']],
  hasSuffix: [['hasSuffix "a" "abc"', 'false']],
  html: [[`html "<a href='x'>&\\""`, '&lt;a href=&#39;x&#39;&gt;&amp;&#34;']],
  indent: [['indent 2 "a\\nb"', '  a\n  b']],
  index: [
    ['index (list 1 2) 1', '2'],
    ['index (dict "a" (list 3)) "a" 0', '3'],
    ['index "a" 0', '97'],
  ],
  initial: [['initial (list 1 2)', '[1]']],
  int: [
    ['int "7"', '7'],
    ['int 3.9', '3'],
    ['int "x"', '0'],
  ],
  int64: [['int64 true', '1']],
  join: [['join "," (list "a" 1)', 'a,1']],
  js: [[`js "it's <b>"`, "it\\'s \\u003Cb\\u003E"]],
  keys: [['keys (dict "a" 1) (dict "b" 2)', '[a b]']],
  kindIs: [['kindIs "int" 1', 'true']],
  kindOf: [['kindOf (list)', 'list']],
  last: [['last (list 1 2)', '2']],
  le: [['le "a" "b"', 'true']],
  len: [
    ['len "é"', '2'],
    ['len (list 1 2)', '2'],
    ['len (dict "a" 1)', '1'],
  ],
  list: [['list 1 "a"', '[1 a]']],
  lower: [['lower "AbC"', 'abc']],
  lt: [['lt 1 2', 'true']],
  max: [['max 1 3 2', '3']],
  min: [['min 2 1 3', '1']],
  mod: [['mod 7 3', '1']],
  mul: [['mul 2 3 4', '24']],
  ne: [['ne 1 2', 'true']],
  nindent: [['nindent 1 "a"', '\n a']],
  normalize: [['normalize "my_app/v1..x"', 'my-app-v1-x']],
  nospace: [['nospace " a b "', 'ab']],
  not: [['not 0', 'true']],
  or: [
    ['or 0 "" 5', '5'],
    ['or 0 ""', ''],
  ],
  prepend: [['prepend (list 2) 1', '[1 2]']],
  print: [['print "a" 1 2 "b"', 'a1 2b']],
  printf: [
    ['printf "%d|%5d|%-5d|%05d|%x|%+d" 1 2 3 4 255 6', '1|    2|3    |00004|ff|+6'],
    ['printf "%s %q %v %t %%" "a" "b" (list 1) true', 'a "b" [1] true %'],
    ['printf "%.2f %e %g" 1.005 1500.0 2.5', '1.00 1.500000e+03 2.5'],
    ['printf "%d" "x"', '%!d(string=x)'],
    ['printf "%d"', '%!d(MISSING)'],
    ['printf "a" 1', 'a%!(EXTRA int=1)'],
  ],
  println: [['println "a" 1', 'a 1\n']],
  quote: [['quote "a\\"b" 1 nil', '"a\\"b" "1"']],
  repeat: [['repeat 3 "ab"', 'ababab']],
  replace: [['replace "a" "$&" "banana"', 'b$&n$&n$&']],
  rest: [['rest (list 1 2 3)', '[2 3]']],
  reverse: [['reverse (list 1 2)', '[2 1]']],
  seq: [
    ['seq 3', '1 2 3'],
    ['seq 2 4', '2 3 4'],
    ['seq 0 2 5', '0 2 4'],
    ['seq 2 0', '2 1 0'],
    ['seq -1', '1 0 -1'],
  ],
  set: [['set (dict) "a" 1', 'map[a:1]']],
  sha1sum: [['sha1sum "a"', '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8']],
  sha256sum: [['sha256sum ""', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']],
  sha512sum: [['sha512sum "a" | trunc 16', '1f40fc92da241694']],
  slice: [
    ['slice (list 1 2 3) 1 2', '[2]'],
    ['slice "abc" 1', 'bc'],
  ],
  sortAlpha: [['sortAlpha (list "b" "a")', '[a b]']],
  split: [
    ['split "a,b" ","', '[a b]'],
    ['index (split "a,b" ",") 1', 'b'],
  ],
  splitList: [['splitList "," "a,b"', '[a b]']],
  squote: [['squote "a" 1', "'a' '1'"]],
  sub: [['sub 5 3', '2']],
  substr: [
    ['substr 1 3 "abcd"', 'bc'],
    ['substr 1 -1 "abcd"', 'bcd'],
  ],
  ternary: [
    ['ternary "y" "n" true', 'y'],
    ['false | ternary "y" "n"', 'n'],
  ],
  title: [['title "hello big-world"', 'Hello Big-World']],
  toJson: [
    ['toJson (dict "b" (list 1 nil) "a" "<x>")', '{"a":"\\u003cx\\u003e","b":[1,null]}'],
    ['toJson 9007199254740993', '9007199254740993'],
  ],
  toPrettyJson: [['toPrettyJson (dict "a" (list 1) "b" (list))', '{\n  "a": [\n    1\n  ],\n  "b": []\n}']],
  toRawJson: [['toRawJson "<x>"', '"<x>"']],
  toString: [toStringExample],
  trim: [['trim "  a "', 'a']],
  trimAll: [['trimAll "$" "$5$"', '5']],
  trimall: [['trimall "$" "$5$"', '5']],
  trimPrefix: [['trimPrefix "-" "-a-"', 'a-']],
  trimSuffix: [['trimSuffix "-" "-a-"', '-a']],
  trunc: [
    ['trunc 2 "abc"', 'ab'],
    ['trunc -2 "abc"', 'bc'],
  ],
  tuple: [['tuple 1 2', '[1 2]']],
  uniq: [['uniq (list 1 1 2)', '[1 2]']],
  unset: [['unset (dict "a" 1 "b" 2) "a"', 'map[b:2]']],
  until: [
    ['until 3', '[0 1 2]'],
    ['until 0', '[]'],
  ],
  untilStep: [
    ['untilStep 3 0 -1', '[3 2 1]'],
    ['untilStep 0 5 2', '[0 2 4]'],
  ],
  untitle: [['untitle "Hello World"', 'hello world']],
  upper: [['upper "abc"', 'ABC']],
  urlquery: [['urlquery "a b&c=d/é!"', 'a+b%26c%3Dd%2F%C3%A9%21']],
  values: [['values (dict "a" 1)', '[1]']],
  without: [['without (list 1 2 3) 2', '[1 3]']],
}

describe('the functions of templates', () => {
  const rows = Object.values(examples).flat()
  test.each(rows)('compute %s', (action, text) => {
    expect(renderTemplate(`{{ ${action} }}`, environment)).toMatchObject({ ok: true, text })
  })

  test('all have an example, except the one that fails', () => {
    expect(Object.keys(examples).toSorted()).toEqual(
      Object.keys(templateFunctions)
        .filter((name) => name !== 'fail')
        .toSorted(),
    )
  })
})
