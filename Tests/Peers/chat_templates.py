"""Fills chat templates in with Jinja as the library transformers has it set up, and prints what comes out.

Each line is JSON: template, variables, and either text or, where Jinja or the template refuses, null.
"""
import itertools
import json
import random
import sys

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
environment.filters["tojson"] = lambda value, ensure_ascii=False, indent=None: json.dumps(
    value, ensure_ascii=ensure_ascii, indent=indent)
environment.globals["raise_exception"] = refuse

TEMPLATES = [
    # ChatML with a default system prompt.
    """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are helpful.<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}
""",
    # Turns must alternate.
    """{%- if messages[0]['role'] == 'system' -%}
    {%- set system_message = messages[0]['content'] | trim + '\\n\\n' -%}
    {%- set messages = messages[1:] -%}
{%- else -%}
    {%- set system_message = '' -%}
{%- endif -%}
{{- bos_token -}}
{%- for message in messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
    {%- endif -%}
    {%- if loop.index0 == 0 %}{% set content = system_message + message['content'] %}{% else %}{% set content = message['content'] %}{% endif -%}
    {%- if message['role'] == 'user' -%}
        {{ '[INST] ' + content | trim + ' [/INST]' }}
    {%- elif message['role'] == 'assistant' -%}
        {{ ' ' + content | trim + ' ' + eos_token }}
    {%- endif -%}
{%- endfor -%}
""",
    # Headers, a date, tools.
    """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system prompt. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    # Thoughts are left out of all but the last turn; a namespace finds it.
    """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
""",
    # Macros, items, blocks that are set.
    """{% macro render(name, value, depth=0) %}
{{ '  ' * depth }}{{ name }}: {% if value is mapping %}

{% for k, v in value|items %}{{ render(k, v, depth + 1) }}{% endfor %}
{% else %}{{ value | string }}
{% endif %}
{% endmacro %}
{% set block %}
  {% for message in messages if message.content is string %}
  {{ loop.index }}/{{ loop.length }} {{ message.role|upper }}{% if not loop.last %}, {{ loop.nextitem.role }}{% endif %}

  {% else %}
  none
  {% endfor %}
{% endset %}
{{ block | indent(2, true) }}
{%- for tool in tools or [] %}
{{ render(tool.name, tool) }}
{% endfor %}
{% for n in range(10) %}{% if n is odd %}{% continue %}{% endif %}{% if n > 6 %}{% break %}{% endif %}{{ n }}{% endfor %}
{% raw %}{{ not this }}{% endraw %}
""",
]
CONVERSATIONS = [
    [{"role": "user", "content": " Hi \n"}],
    [{"role": "system", "content": "  Be terse. "}, {"role": "user", "content": "What is <b>\"2\"</b>?"}],
    [{"role": "user", "content": "1"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\ntwo"}, {"role": "user", "content": "é\n"}],
    [{"role": "assistant", "content": "I begin"}, {"role": "assistant", "content": "twice"}],
    [{"role": "user", "content": "weather?"},
     {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": {"city": "Köln", "days": 2}, "name": "w"}}]},
     {"role": "tool", "content": {"a": [1, 2.5, None, True]}}],
]
TOOLS = [None, [{"description": "Weather of a \"city\"", "name": "w", "parameters": {"city": {"type": "string"}, "list": []}}]]

# Values, and what is done with them: all against all, as far as Jinja takes it.
VALUES = ["1", "-7", "2.5", "0", "'abc'", "''", "' A\\tb '", "'a,b,,c'", "'é\\u00e9'", "[1, 2, 3]", "[]", "['b', 'a', 'B']", "{'k': 1, 'a': [2]}",
          "true", "none", "missing", "[{'n': 2, 'k': 'x'}, {'n': 1, 'k': 'y'}, {'n': 2}]", "(1, 'x')", "'The quick-brown fox'"]
UNARY = ["{}", "{}|length", "{}|trim", "{}|upper", "{}|lower", "{}|title", "{}|capitalize", "{}|string", "{}|int", "{}|list", "{}|first", "{}|last",
         "{}|join('-')", "{}|tojson", "{}|tojson(indent=2)", "{}|reverse|list", "{}|unique|list", "{}|default('d')", "{}|default('d', true)", "{}|e",
         "{}|abs", "{}|map('upper')|list", "{}|map(attribute='n')|list", "{}|selectattr('n', 'equalto', 2)|list", "{}|selectattr('k')|list",
         "{}|rejectattr('k', 'defined')|list", "{}|select('odd')|list", "{}|sort", "{}|sort(reverse=true)", "{}|replace('a', 'oo')", "{}|replace('', '.')",
         "{}|indent", "not {}", "-{}", "{} is defined", "{} is none", "{} is string", "{} is number", "{} is mapping", "{} is iterable", "{} is sequence",
         "{} is boolean", "{} is integer", "{} is not float", "{} is true", "{} is odd", "{} is divisibleby 2", "{}[0]", "{}[-1]", "{}[1:]", "{}[::-1]", "{}[:-1]",
         "{}[5:1:-2]", "{}.k", "{}['k']", "{}.nothing", "{}.get('a', 5)", "{}.items()|list", "{}.keys()|list", "{}.strip()", "{}.split(',')", "{}.split()",
         "{}.split(',', 1)", "{}.rsplit(',', 1)", "{}.startswith('a')", "{}.endswith(('x', 'c'))", "{}.replace('a', 'b', 1)", "{}.upper()", "{}.title()",
         "{}.find('b')", "{}.count('a')", "{}.isdigit()", "{}.lstrip(' a')", "{}.rstrip('cb')", "{}.splitlines()", "','.join({})", "{} if {} else 'no'",
         "{}|sum", "{}|max", "{}|min", "{}|round", "{}|float", "{}|count", "{}|dictsort", "{}|items|list"]
BINARY = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} // {}", "{} % {}", "{} ~ {}", "{} == {}", "{} != {}", "{} < {}", "{} >= {}", "{} in {}", "{} not in {}",
          "{} and {}", "{} or {}", "{} is eq {}", "{}|default({})"]


def cases():
    for template, messages, tools, prompt in itertools.product(TEMPLATES, CONVERSATIONS, TOOLS, [False, True]):
        variables = {"messages": messages, "add_generation_prompt": prompt, "bos_token": "<s>", "eos_token": "</s>"}
        if tools is not None:
            variables["tools"] = tools
        yield template, variables
    for form, value in itertools.product(UNARY, VALUES):
        yield "{{ " + form.replace("{}", value) + " }}", {}
    source = random.Random(3)
    for form, one, two in itertools.product(BINARY, VALUES, VALUES):
        if source.random() < 0.6:
            continue
        # Refused by name, where Jinja has Python's answer: texts as formats, the order of lists.
        if form == "{} % {}" and one[0] == "'" or form in ("{} < {}", "{} >= {}") and one[0] in "[(" and two[0] in "[(":
            continue
        yield "{{ " + form.format(one, two) + " }}", {}
    # White space around marks.
    for _ in range(1500):
        parts = []
        for _ in range(source.randint(1, 7)):
            parts.append(source.choice(["", " ", "\n", " \n", "\n  ", "x", "  x  ", "\t", "\r\n"]))
            left, right = source.choice(["", "-", "+"]), source.choice(["", "-", "+"])
            parts.append(source.choice([
                "{%" + left + " if 1 " + right + "%}y{%" + right + " endif " + left + "%}", "{{" + left.replace("+", "") + " 'v' " + right.replace("+", "") + "}}",
                "{#" + left + " c " + right.replace("+", "-") + "#}", "{%" + left + " set q = 2 " + right + "%}"]))
            parts.append(source.choice(["", " ", "\n", "\n\n", " \n x", "x\n"]))
        yield "".join(parts), {}


for template, variables in cases():
    try:
        text = environment.from_string(template).render(**variables)
    except Exception:
        text = None
    if text is None or "built-in" not in text and "object at" not in text:
        print(json.dumps([template, variables, text]))
