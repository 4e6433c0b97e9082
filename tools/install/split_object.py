"""Gives what lies together in an object file sections of their own, so that a linker can drop those that nothing refers to.

Functions: in Swift.o, the library in Swift of the Swift runtime, most code lies in one section. There an assembler has filled in
where local functions lie: this is read from the instructions, and becomes relocations. References to types: each has a symbol, and
relocations alone refer to them. What is not understood to the byte is refused.
"""

import bisect
import re
import struct
import subprocess

SHT_NULL, SHT_SYMTAB, SHT_RELA = 0, 2, 4
SHF_EXECINSTR = 4
STT_SECTION = 3
R_X86_64_64, R_X86_64_PC32 = 1, 2
MAXIMUM_SECTIONS = 0xFF00
TYPE_REFERENCES = "swift5_typeref"
HEADER, SYMBOL, RELOCATION = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ"), struct.Struct("<QQq")
# Of a section header, and of a symbol.
NAME, TYPE, FLAGS, ADDRESS, OFFSET, SIZE, LINK, INFO, ALIGNMENT, ENTRY = range(10)
S_NAME, S_INFO, S_OTHER, S_SECTION, S_VALUE, S_SIZE = range(6)


class Refused(Exception):
    """The object has something that is not known here."""


class ObjectFile:
    """The sections, symbols and relocations of an object in ELF, 64-bit and little-endian, with fewer than 65,280 sections."""

    def __init__(self, content):
        self.content = bytearray(content)
        (headers,) = struct.unpack_from("<Q", content, 0x28)
        count, self.name_section = struct.unpack_from("<HH", content, 0x3C)
        self.sections = [list(HEADER.unpack_from(content, headers + HEADER.size * n)) for n in range(count)]
        self.names = [self.string(self.name_section, section[NAME]) for section in self.sections]
        tables = [n for n, section in enumerate(self.sections) if section[TYPE] == SHT_SYMTAB]
        if len(tables) != 1:
            raise Refused(f"{len(tables)} tables of symbols")
        self.table = tables[0]
        offset, size = self.sections[self.table][OFFSET], self.sections[self.table][SIZE]
        self.symbols = [list(SYMBOL.unpack_from(content, offset + n)) for n in range(0, size, SYMBOL.size)]
        # By section the one with its relocations.
        self.relocating = {section[INFO]: n for n, section in enumerate(self.sections) if section[TYPE] == SHT_RELA}

    def string(self, section, offset):
        start = self.sections[section][OFFSET] + offset
        return self.content[start : self.content.index(0, start)].decode()

    def symbol_name(self, symbol):
        return self.string(self.sections[self.table][LINK], self.symbols[symbol][S_NAME])

    def is_code(self, section):
        return self.sections[section][FLAGS] & SHF_EXECINSTR != 0

    def is_section_symbol(self, symbol):
        return self.symbols[symbol][S_INFO] & 15 == STT_SECTION

    def relocations(self, section):
        """(place, symbol, type, addend) of everything that a section refers to."""
        if section in self.relocating:
            header = self.sections[self.relocating[section]]
            for offset in range(header[OFFSET], header[OFFSET] + header[SIZE], RELOCATION.size):
                place, info, addend = RELOCATION.unpack_from(self.content, offset)
                yield place, info >> 32, info & 0xFFFFFFFF, addend

    def append(self, content):
        """Where in the file the content lies now."""
        self.content += bytes(-len(self.content) % 16) + content
        return len(self.content) - len(content)

    def append_relocations(self, header, relocations):
        content = b"".join(RELOCATION.pack(place, symbol << 32 | kind, addend) for place, symbol, kind, addend in relocations)
        header[OFFSET], header[SIZE] = self.append(content), len(content)

    def written(self):
        table = self.sections[self.table]
        content = b"".join(SYMBOL.pack(*symbol) for symbol in self.symbols)
        table[OFFSET], table[SIZE] = self.append(content), len(content)
        if len(self.sections) >= MAXIMUM_SECTIONS:
            raise Refused(f"{len(self.sections)} sections")
        headers = self.append(b"".join(HEADER.pack(*section) for section in self.sections))
        struct.pack_into("<Q", self.content, 0x28, headers)
        struct.pack_into("<HH", self.content, 0x3C, len(self.sections), self.name_section)
        return self.content


class Functions:
    """The code of a section in parts, each from the start of a function to the next."""

    def __init__(self, object, section):
        header = object.sections[section]
        own = [s for s in object.symbols if s[S_SECTION] == section and s[S_INFO] & 15 != STT_SECTION]
        self.named, self.size = {0} | {symbol[S_VALUE] for symbol in own}, header[SIZE]
        self.starts = sorted(self.named)
        self.alignment = header[ALIGNMENT]

    def number(self, offset):
        if not 0 <= offset < self.size:
            raise Refused(f"{offset:#x} outside of {self.size:#x} bytes of code")
        return bisect.bisect_right(self.starts, offset) - 1

    def end(self, number):
        return self.starts[number + 1] if number + 1 < len(self.starts) else self.size

    def join(self, numbers):
        """Keeps functions together that refer to each other by a single byte, with all between them."""
        joined = {n for a, b in numbers for n in range(min(a, b) + 1, max(a, b) + 1)}
        self.starts = [start for number, start in enumerate(self.starts) if number not in joined]


class Code:
    """What the instructions of an object say that its relocations do not."""

    def __init__(self, object, text, path, objdump):
        self.object, self.text, self.functions = object, text, Functions(object, text)
        # By section and place of every relocation in code, the end of its instruction.
        self.ends = {}
        # Where functions of `text` can begin; (place, end of the instruction, target) of references between them.
        self.beginnings, self.local = set(), []
        # By the end of every run of instructions without effect in `text`, its start: they fill up to the next function.
        self.filling = {}
        self.read(path, objdump)
        self.tables = self.jump_tables()

    def read(self, path, objdump):
        sections = {name: n for n, name in enumerate(self.object.names) if self.object.is_code(n)}
        places = {n: sorted(r[0] for r in self.object.relocations(n)) for n in sections.values()}
        section, position, can_begin, short, filling = None, 0, True, [], None
        listing = subprocess.run([objdump, "-d", path], check=True, capture_output=True, text=True).stdout
        for line in listing.splitlines():
            if line.startswith("Disassembly of section "):
                section, position, can_begin, filling = sections[line.split()[-1].rstrip(":")], 0, True, None
                continue
            match = re.match(r"\s*([0-9a-f]+): ((?:[0-9a-f]{2}[ \t])+)\s*(.*)", line)
            if not match:
                continue
            start, content, text = int(match[1], 16), bytes.fromhex(match[2]), match[3]
            if start != position or text.startswith("<unknown>"):
                raise Refused(f"{self.object.names[section]}+{position:#x} is no instruction")
            position = start + len(content)
            first = bisect.bisect_left(places[section], start)
            own = places[section][first : bisect.bisect_left(places[section], position)]
            self.ends.update({(section, place): position for place in own})
            if section == self.text:
                if can_begin and start % self.functions.alignment == 0:
                    self.beginnings.add(start)
                if not own:
                    short += self.read_instruction(start, content, text)
                can_begin = re.match("ret|jmp|ud2|nop|int3|data16|call", text)
                if not re.match(r"(data16\s+)*(cs\s+)?nop", text):
                    filling = None
                else:
                    filling = start if filling is None else filling
                    self.filling[position] = filling
        if sum(len(own) for own in places.values()) != len(self.ends):
            raise Refused("a relocation of code lies in no instruction")
        self.functions.join(short)

    def read_instruction(self, start, content, text):
        """The numbers of two functions if one refers to the other by a single byte."""
        end = start + len(content)
        jump = re.match(r"(?:call|jmp|j\w+|loop\w*)q?\s+(0x[0-9a-f]+)", text)
        relative = re.search(r"(-?(?:0x[0-9a-f]+|\d+))?\(%rip\)", text)
        if not jump and not relative:
            return []
        target = int(jump[1], 16) if jump else end + int(relative[1] or "0", 0)
        numbers = self.functions.number(start), self.functions.number(target)
        if numbers[0] == numbers[1]:
            return []
        if jump and len(content) == 2:
            return [numbers]
        distance = struct.pack("<i", target - end)
        places = [n for n in range(1, len(content) - 3) if content[n : n + 4] == distance]
        if len(places) != 1:
            raise Refused(f"no place for the distance of {text}")
        self.local.append((start + places[0], end, target))
        return []

    def jump_tables(self):
        """By section and place of every entry of a jump table, the number of the function that it leads into.

        An entry is the distance of its target from the start of the table, which only the function of the target loads.
        """
        users, entries, result = {}, {}, {}
        for place, symbol, _, addend in self.object.relocations(self.text):
            if self.object.is_section_symbol(symbol):
                table = self.object.symbols[symbol][S_SECTION], addend + self.ends[self.text, place] - place
                users.setdefault(table, set()).add(self.functions.number(place))
        for section, _ in users:
            for place, symbol, kind, addend in self.object.relocations(section):
                of_text = self.object.is_section_symbol(symbol) and self.object.symbols[symbol][S_SECTION] == self.text
                if of_text and kind == R_X86_64_PC32 and not self.object.is_code(section):
                    entries[section, place] = addend
        for (section, start), numbers in users.items():
            place = start
            while (section, place) in entries and (place == start or (section, place) not in users):
                target = entries[section, place] - (place - start)
                if not 0 <= target < self.functions.size or self.functions.number(target) not in numbers:
                    break
                result[section, place] = self.functions.number(target)
                place += 4
        return result

    def function(self, section, place, kind, addend):
        """The number of the function to which a relocation of `text` as a whole leads."""
        if (section, place) in self.tables:
            return self.tables[section, place]
        if (section, place) in self.ends:
            target = addend + self.ends[section, place] - place
        elif kind in (R_X86_64_64, R_X86_64_PC32):
            target = addend
        else:
            raise Refused(f"relocation {kind} of {self.object.names[section]}")
        number = self.functions.number(target)
        if section != self.text and target not in self.beginnings and target not in self.functions.named:
            raise Refused(f"{self.object.names[section]}+{place:#x} leads into a function")
        return number

    def end(self, number):
        """The end of a function without what fills up to the next."""
        end = self.functions.end(number)
        return max(self.filling.get(end, end), self.functions.starts[number])


def split(content, path, objdump):
    """The bytes of an object for x86-64 with a section for every function.

    - path: of a file with the same bytes, for the disassembler.
    """
    object = ObjectFile(content)
    text = max((n for n, name in enumerate(object.names) if name == ".text"), key=lambda n: object.sections[n][SIZE])
    code = Code(object, text, path, objdump)
    functions = code.functions
    count, first_section, first_global = len(functions.starts), len(object.sections), object.sections[object.table][INFO]

    def resolved(section, place, symbol, kind, addend):
        """The same relocation, where every function has a symbol of its section before the global symbols."""
        if object.is_section_symbol(symbol) and object.symbols[symbol][S_SECTION] == text:
            number = code.function(section, place, kind, addend)
            return place, first_global + number, kind, addend - functions.starts[number]
        return place, symbol if symbol < first_global else symbol + count, kind, addend

    moved = [[] for _ in range(count)]
    for section, relocating in object.relocating.items():
        if object.names[section] == ".eh_frame" or object.names[section].startswith(".debug"):
            object.sections[section][TYPE] = object.sections[relocating][TYPE] = SHT_NULL
            continue
        relocations = [resolved(section, *relocation) for relocation in object.relocations(section)]
        if section != text:
            object.append_relocations(object.sections[relocating], relocations)
            continue
        for place, symbol, kind, addend in relocations:
            number = functions.number(place)
            moved[number].append((place - functions.starts[number], symbol, kind, addend))
    for place, end, target in code.local:
        number, other = functions.number(place), functions.number(target)
        addend = target - functions.starts[other] - (end - place)
        moved[number].append((place - functions.starts[number], first_global + other, R_X86_64_PC32, addend))

    for symbol in object.symbols:
        if symbol[S_SECTION] == text and symbol[S_INFO] & 15 != STT_SECTION:
            number = functions.number(symbol[S_VALUE])
            symbol[S_SECTION], symbol[S_VALUE] = first_section + number, symbol[S_VALUE] - functions.starts[number]
    object.symbols[first_global:first_global] = [[0, STT_SECTION, 0, first_section + n, 0, 0] for n in range(count)]
    object.sections[object.table][INFO] += count
    add_sections(object, text, functions.starts, [code.end(number) for number in range(count)], moved)
    for section in [n for n, name in enumerate(object.names) if name == TYPE_REFERENCES and n in object.relocating]:
        split_symbols(object, section)
    return object.written()


def split_symbols(object, section):
    """Gives every symbol of a section of data a section of its own, where all that refers to it does so by symbols."""
    own = [symbol for symbol in object.symbols if symbol[S_SECTION] == section and symbol[S_INFO] & 15 != STT_SECTION]
    starts = sorted({symbol[S_VALUE] for symbol in own})
    if starts[:1] != [0]:
        raise Refused(f"{object.names[section]} begins with no symbol")
    ends = [*starts[1:], object.sections[section][SIZE]]
    number_of = {start: number for number, start in enumerate(starts)}
    if any(symbol[S_VALUE] + symbol[S_SIZE] > ends[number_of[symbol[S_VALUE]]] for symbol in own):
        raise Refused(f"symbols of {object.names[section]} overlap")
    for other in object.relocating:
        for _, symbol, _, _ in object.relocations(other):
            if object.is_section_symbol(symbol) and object.symbols[symbol][S_SECTION] == section:
                raise Refused(f"{object.names[other]} refers to {object.names[section]} as a whole")
    moved = [[] for _ in starts]
    for place, symbol, kind, addend in object.relocations(section):
        number = bisect.bisect_right(starts, place) - 1
        moved[number].append((place - starts[number], symbol, kind, addend))
    first_section = len(object.sections)
    for symbol in own:
        symbol[S_SECTION], symbol[S_VALUE] = first_section + number_of[symbol[S_VALUE]], 0
    add_sections(object, section, starts, ends, moved)


def add_sections(object, section, starts, ends, moved):
    """Divides a section into parts with relocations, each with its header; nothing of the section itself remains."""
    header, first_section = object.sections[section], len(object.sections)
    added, relocating = [], []
    for number, (start, end) in enumerate(zip(starts, ends)):
        added.append([*header[:OFFSET], header[OFFSET] + start, end - start, *header[LINK:]])
        if moved[number]:
            relocating.append(list(object.sections[object.relocating[section]]))
            relocating[-1][INFO] = first_section + number
            object.append_relocations(relocating[-1], moved[number])
            object.relocating[first_section + number] = first_section + len(starts) + len(relocating) - 1
    header[SIZE] = object.sections[object.relocating[section]][SIZE] = 0
    object.sections += added + relocating
    object.names += [object.names[section]] * len(added) + [object.names[object.relocating[section]]] * len(relocating)
