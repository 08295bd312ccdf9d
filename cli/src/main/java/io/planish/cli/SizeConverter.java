package io.planish.cli;

import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Bytes as {@code qemu-img} takes them: {@code 1.5G}, {@code 800k}; more than a {@code long} holds is as much as it holds. */
final class SizeConverter implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,19}(?:\\.\\d{1,6})?)([bBkKMGTPE]?)");
    private static final String UNITS = "bkMGTPE";

    @Override
    public Long convert(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text + "' is no size (use k, M, G, T, P or E after a number)");
        }
        String unit = matcher.group(2).replace('K', 'k').replace('B', 'b');
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(new BigDecimal(1L << 10 * UNITS.indexOf(unit)));
        return bytes.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValue();
    }
}
