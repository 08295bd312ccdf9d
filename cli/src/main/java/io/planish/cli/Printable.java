package io.planish.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/** Keeps what names of files may hold from steering the terminal: a question mark stands for each control character but line ends and tabs. */
final class Printable extends FilterWriter {
    Printable(Writer out) {
        super(out);
    }

    @Override
    public void write(int c) throws IOException {
        out.write(printable((char) c));
    }

    @Override
    public void write(char[] text, int offset, int length) throws IOException {
        char[] safe = new char[length];
        for (int i = 0; i < length; i++) {
            safe[i] = printable(text[offset + i]);
        }
        out.write(safe, 0, length);
    }

    @Override
    public void write(String text, int offset, int length) throws IOException {
        write(text.toCharArray(), offset, length);
    }

    private static char printable(char c) {
        return Character.isISOControl(c) && c != '\n' && c != '\r' && c != '\t' ? '?' : c;
    }
}
