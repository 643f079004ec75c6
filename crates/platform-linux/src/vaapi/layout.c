/* Prints where VA-API's structures have their fields; the test in `layout.rs` compares
 * that with its table and the one of `hevc/layout.rs`. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <va/va.h>
#include <va/va_enc_h264.h>
#include <va/va_enc_hevc.h>

#define SIZE(name, type) printf(name " %zu\n", sizeof(type))
#define AT(name, type, field) printf(name " %zu\n", offsetof(type, field))
#define VALUE(name, value) printf(name " %lu\n", (unsigned long)(value))
/* The lowest bit of a bit field in the 32-bit union around it. */
#define BIT(name, type, fields, field)                                                 \
    do {                                                                               \
        type all;                                                                      \
        memset(&all, 0, sizeof(all));                                                  \
        all.fields.bits.field = 1;                                                     \
        printf(name " %lu\n", (unsigned long)all.fields.value);                        \
    } while (0)
#define FLAG(name, type, field)                                                        \
    do {                                                                               \
        type all;                                                                      \
        memset(&all, 0, sizeof(all));                                                  \
        all.bits.field = 1;                                                            \
        printf(name " %lu\n", (unsigned long)all.value);                               \
    } while (0)

int main(void) {
    SIZE("PICTURE", VAPictureH264);
    AT("PICTURE_FLAGS", VAPictureH264, flags);
    AT("PICTURE_TOP_ORDER", VAPictureH264, TopFieldOrderCnt);
    AT("PICTURE_BOTTOM_ORDER", VAPictureH264, BottomFieldOrderCnt);
    AT("PICTURE_INDEX", VAPictureH264, frame_idx);
    SIZE("SEQ", VAEncSequenceParameterBufferH264);
    AT("SEQ_LEVEL", VAEncSequenceParameterBufferH264, level_idc);
    AT("SEQ_INTRA_PERIOD", VAEncSequenceParameterBufferH264, intra_period);
    AT("SEQ_IDR_PERIOD", VAEncSequenceParameterBufferH264, intra_idr_period);
    AT("SEQ_IP_PERIOD", VAEncSequenceParameterBufferH264, ip_period);
    AT("SEQ_BITS", VAEncSequenceParameterBufferH264, bits_per_second);
    AT("SEQ_REFERENCES", VAEncSequenceParameterBufferH264, max_num_ref_frames);
    AT("SEQ_WIDTH", VAEncSequenceParameterBufferH264, picture_width_in_mbs);
    AT("SEQ_HEIGHT", VAEncSequenceParameterBufferH264, picture_height_in_mbs);
    AT("SEQ_FIELDS", VAEncSequenceParameterBufferH264, seq_fields);
    AT("SEQ_CROP", VAEncSequenceParameterBufferH264, frame_cropping_flag);
    AT("SEQ_CROP_RIGHT", VAEncSequenceParameterBufferH264, frame_crop_right_offset);
    AT("SEQ_CROP_BOTTOM", VAEncSequenceParameterBufferH264, frame_crop_bottom_offset);
    AT("SEQ_VUI", VAEncSequenceParameterBufferH264, vui_parameters_present_flag);
    AT("SEQ_VUI_FIELDS", VAEncSequenceParameterBufferH264, vui_fields);
    AT("SEQ_TICK", VAEncSequenceParameterBufferH264, num_units_in_tick);
    AT("SEQ_TIME_SCALE", VAEncSequenceParameterBufferH264, time_scale);
    SIZE("PIC", VAEncPictureParameterBufferH264);
    AT("PIC_REFERENCES", VAEncPictureParameterBufferH264, ReferenceFrames);
    AT("PIC_CODED", VAEncPictureParameterBufferH264, coded_buf);
    AT("PIC_FRAME_NUM", VAEncPictureParameterBufferH264, frame_num);
    AT("PIC_QP", VAEncPictureParameterBufferH264, pic_init_qp);
    AT("PIC_FIELDS", VAEncPictureParameterBufferH264, pic_fields);
    SIZE("SLICE", VAEncSliceParameterBufferH264);
    AT("SLICE_BLOCKS", VAEncSliceParameterBufferH264, num_macroblocks);
    AT("SLICE_BLOCK_INFO", VAEncSliceParameterBufferH264, macroblock_info);
    AT("SLICE_TYPE", VAEncSliceParameterBufferH264, slice_type);
    AT("SLICE_IDR_ID", VAEncSliceParameterBufferH264, idr_pic_id);
    AT("SLICE_LIST_0", VAEncSliceParameterBufferH264, RefPicList0);
    AT("SLICE_LIST_1", VAEncSliceParameterBufferH264, RefPicList1);
    SIZE("RATE", VAEncMiscParameterRateControl);
    AT("RATE_BITS", VAEncMiscParameterRateControl, bits_per_second);
    AT("RATE_PERCENTAGE", VAEncMiscParameterRateControl, target_percentage);
    AT("RATE_WINDOW", VAEncMiscParameterRateControl, window_size);
    SIZE("BUFFERING", VAEncMiscParameterHRD);
    AT("BUFFERING_FULLNESS", VAEncMiscParameterHRD, initial_buffer_fullness);
    AT("BUFFERING_SIZE", VAEncMiscParameterHRD, buffer_size);
    SIZE("FPS", VAEncMiscParameterFrameRate);
    SIZE("PACKED", VAEncPackedHeaderParameterBuffer);
    AT("PACKED_BITS", VAEncPackedHeaderParameterBuffer, bit_length);
    AT("PACKED_EMULATION", VAEncPackedHeaderParameterBuffer, has_emulation_bytes);
    SIZE("SEGMENT", VACodedBufferSegment);
    AT("SEGMENT_STATUS", VACodedBufferSegment, status);
    AT("SEGMENT_BYTES", VACodedBufferSegment, buf);
    AT("SEGMENT_NEXT", VACodedBufferSegment, next);
    SIZE("IMAGE", VAImage);
    AT("IMAGE_BUFFER", VAImage, buf);
    AT("IMAGE_SIZE", VAImage, data_size);
    AT("IMAGE_PITCHES", VAImage, pitches);
    AT("IMAGE_OFFSETS", VAImage, offsets);
    SIZE("FORMAT", VAImageFormat);
    VALUE("PROFILE_BASELINE", VAProfileH264ConstrainedBaseline);
    VALUE("ENCODE_SLICE", VAEntrypointEncSlice);
    VALUE("ENCODE_SLICE_LOW_POWER", VAEntrypointEncSliceLP);
    VALUE("ATTRIBUTE_FORMAT", VAConfigAttribRTFormat);
    VALUE("ATTRIBUTE_RATE", VAConfigAttribRateControl);
    VALUE("ATTRIBUTE_PACKED", VAConfigAttribEncPackedHeaders);
    VALUE("ATTRIBUTE_WIDTH", VAConfigAttribMaxPictureWidth);
    VALUE("ATTRIBUTE_HEIGHT", VAConfigAttribMaxPictureHeight);
    VALUE("CONSTANT_RATE", VA_RC_CBR);
    VALUE("VARIABLE_RATE", VA_RC_VBR);
    VALUE("BUFFER_CODED", VAEncCodedBufferType);
    VALUE("BUFFER_SEQ", VAEncSequenceParameterBufferType);
    VALUE("BUFFER_PIC", VAEncPictureParameterBufferType);
    VALUE("BUFFER_SLICE", VAEncSliceParameterBufferType);
    VALUE("BUFFER_PACKED", VAEncPackedHeaderParameterBufferType);
    VALUE("BUFFER_PACKED_DATA", VAEncPackedHeaderDataBufferType);
    VALUE("BUFFER_MISC", VAEncMiscParameterBufferType);
    VALUE("MISC_FPS", VAEncMiscParameterTypeFrameRate);
    VALUE("MISC_RATE", VAEncMiscParameterTypeRateControl);
    VALUE("MISC_BUFFERING", VAEncMiscParameterTypeHRD);
    VALUE("FORMAT_420", VA_RT_FORMAT_YUV420);
    VALUE("NV12", VA_FOURCC_NV12);
    VALUE("PACKED_SEQ", VA_ENC_PACKED_HEADER_SEQUENCE);
    VALUE("PACKED_PIC", VA_ENC_PACKED_HEADER_PICTURE);
    VALUE("PACKED_SLICE", VA_ENC_PACKED_HEADER_SLICE);
    VALUE("HEADER_SEQ", VAEncPackedHeaderSequence);
    VALUE("HEADER_PIC", VAEncPackedHeaderPicture);
    VALUE("HEADER_SLICE", VAEncPackedHeaderSlice);
    VALUE("NOT_SUPPORTED", VA_ATTRIB_NOT_SUPPORTED);
    VALUE("INVALID", VA_INVALID_ID);
    VALUE("PICTURE_INVALID", VA_PICTURE_H264_INVALID);
    VALUE("PICTURE_SHORT_TERM", VA_PICTURE_H264_SHORT_TERM_REFERENCE);
    VALUE("OVERFLOW", VA_CODED_BUF_STATUS_FRAME_SIZE_OVERFLOW);
    SIZE("HEVC_PICTURE", VAPictureHEVC);
    AT("HEVC_PICTURE_ORDER", VAPictureHEVC, pic_order_cnt);
    AT("HEVC_PICTURE_FLAGS", VAPictureHEVC, flags);
    SIZE("HEVC_SEQ", VAEncSequenceParameterBufferHEVC);
    AT("HEVC_SEQ_PROFILE", VAEncSequenceParameterBufferHEVC, general_profile_idc);
    AT("HEVC_SEQ_LEVEL", VAEncSequenceParameterBufferHEVC, general_level_idc);
    AT("HEVC_SEQ_INTRA_PERIOD", VAEncSequenceParameterBufferHEVC, intra_period);
    AT("HEVC_SEQ_IDR_PERIOD", VAEncSequenceParameterBufferHEVC, intra_idr_period);
    AT("HEVC_SEQ_IP_PERIOD", VAEncSequenceParameterBufferHEVC, ip_period);
    AT("HEVC_SEQ_BITS", VAEncSequenceParameterBufferHEVC, bits_per_second);
    AT("HEVC_SEQ_WIDTH", VAEncSequenceParameterBufferHEVC, pic_width_in_luma_samples);
    AT("HEVC_SEQ_HEIGHT", VAEncSequenceParameterBufferHEVC, pic_height_in_luma_samples);
    AT("HEVC_SEQ_FIELDS", VAEncSequenceParameterBufferHEVC, seq_fields);
    BIT("HEVC_SEQ_CHROMA_420", VAEncSequenceParameterBufferHEVC, seq_fields, chroma_format_idc);
    BIT("HEVC_SEQ_STRONG_INTRA", VAEncSequenceParameterBufferHEVC, seq_fields,
        strong_intra_smoothing_enabled_flag);
    BIT("HEVC_SEQ_AMP", VAEncSequenceParameterBufferHEVC, seq_fields, amp_enabled_flag);
    BIT("HEVC_SEQ_SAO", VAEncSequenceParameterBufferHEVC, seq_fields,
        sample_adaptive_offset_enabled_flag);
    BIT("HEVC_SEQ_TEMPORAL_MVP", VAEncSequenceParameterBufferHEVC, seq_fields,
        sps_temporal_mvp_enabled_flag);
    BIT("HEVC_SEQ_LOW_DELAY", VAEncSequenceParameterBufferHEVC, seq_fields, low_delay_seq);
    AT("HEVC_SEQ_MIN_CB", VAEncSequenceParameterBufferHEVC, log2_min_luma_coding_block_size_minus3);
    AT("HEVC_SEQ_DIFF_CB", VAEncSequenceParameterBufferHEVC,
       log2_diff_max_min_luma_coding_block_size);
    AT("HEVC_SEQ_MIN_TB", VAEncSequenceParameterBufferHEVC, log2_min_transform_block_size_minus2);
    AT("HEVC_SEQ_DIFF_TB", VAEncSequenceParameterBufferHEVC, log2_diff_max_min_transform_block_size);
    AT("HEVC_SEQ_DEPTH_INTER", VAEncSequenceParameterBufferHEVC,
       max_transform_hierarchy_depth_inter);
    AT("HEVC_SEQ_DEPTH_INTRA", VAEncSequenceParameterBufferHEVC,
       max_transform_hierarchy_depth_intra);
    AT("HEVC_SEQ_TICK", VAEncSequenceParameterBufferHEVC, vui_num_units_in_tick);
    AT("HEVC_SEQ_TIME_SCALE", VAEncSequenceParameterBufferHEVC, vui_time_scale);
    SIZE("HEVC_PIC", VAEncPictureParameterBufferHEVC);
    AT("HEVC_PIC_REFERENCES", VAEncPictureParameterBufferHEVC, reference_frames);
    AT("HEVC_PIC_CODED", VAEncPictureParameterBufferHEVC, coded_buf);
    AT("HEVC_PIC_COLLOCATED", VAEncPictureParameterBufferHEVC, collocated_ref_pic_index);
    AT("HEVC_PIC_QP", VAEncPictureParameterBufferHEVC, pic_init_qp);
    AT("HEVC_PIC_UNIT", VAEncPictureParameterBufferHEVC, nal_unit_type);
    AT("HEVC_PIC_FIELDS", VAEncPictureParameterBufferHEVC, pic_fields);
    BIT("HEVC_PIC_IDR", VAEncPictureParameterBufferHEVC, pic_fields, idr_pic_flag);
    BIT("HEVC_PIC_CODING_TYPE", VAEncPictureParameterBufferHEVC, pic_fields, coding_type);
    BIT("HEVC_PIC_REFERENCE", VAEncPictureParameterBufferHEVC, pic_fields, reference_pic_flag);
    BIT("HEVC_PIC_SIGN_HIDING", VAEncPictureParameterBufferHEVC, pic_fields,
        sign_data_hiding_enabled_flag);
    BIT("HEVC_PIC_CONSTRAINED_INTRA", VAEncPictureParameterBufferHEVC, pic_fields,
        constrained_intra_pred_flag);
    BIT("HEVC_PIC_TRANSFORM_SKIP", VAEncPictureParameterBufferHEVC, pic_fields,
        transform_skip_enabled_flag);
    BIT("HEVC_PIC_CU_QP_DELTA", VAEncPictureParameterBufferHEVC, pic_fields,
        cu_qp_delta_enabled_flag);
    SIZE("HEVC_SLICE", VAEncSliceParameterBufferHEVC);
    AT("HEVC_SLICE_BLOCKS", VAEncSliceParameterBufferHEVC, num_ctu_in_slice);
    AT("HEVC_SLICE_TYPE", VAEncSliceParameterBufferHEVC, slice_type);
    AT("HEVC_SLICE_LIST_0", VAEncSliceParameterBufferHEVC, ref_pic_list0);
    AT("HEVC_SLICE_LIST_1", VAEncSliceParameterBufferHEVC, ref_pic_list1);
    AT("HEVC_SLICE_MERGE", VAEncSliceParameterBufferHEVC, max_num_merge_cand);
    AT("HEVC_SLICE_FIELDS", VAEncSliceParameterBufferHEVC, slice_fields);
    BIT("HEVC_SLICE_LAST", VAEncSliceParameterBufferHEVC, slice_fields, last_slice_of_pic_flag);
    BIT("HEVC_SLICE_TEMPORAL_MVP", VAEncSliceParameterBufferHEVC, slice_fields,
        slice_temporal_mvp_enabled_flag);
    BIT("HEVC_SLICE_SAO_LUMA", VAEncSliceParameterBufferHEVC, slice_fields, slice_sao_luma_flag);
    BIT("HEVC_SLICE_SAO_CHROMA", VAEncSliceParameterBufferHEVC, slice_fields,
        slice_sao_chroma_flag);
    BIT("HEVC_SLICE_COLLOCATED_L0", VAEncSliceParameterBufferHEVC, slice_fields,
        collocated_from_l0_flag);
    VALUE("HEVC_PROFILE_MAIN", VAProfileHEVCMain);
    VALUE("HEVC_ATTRIBUTE_REFERENCES", VAConfigAttribEncMaxRefFrames);
    VALUE("HEVC_ATTRIBUTE_DIRECTION", VAConfigAttribPredictionDirection);
    VALUE("HEVC_ATTRIBUTE_FEATURES", VAConfigAttribEncHEVCFeatures);
    VALUE("HEVC_ATTRIBUTE_BLOCKS", VAConfigAttribEncHEVCBlockSizes);
    VALUE("HEVC_BOTH_LISTS", VA_PREDICTION_DIRECTION_BI_NOT_EMPTY);
    VALUE("HEVC_FEATURE_REQUIRED", VA_FEATURE_REQUIRED);
    FLAG("HEVC_HAS_SEPARATE_PLANES", VAConfigAttribValEncHEVCFeatures, separate_colour_planes);
    FLAG("HEVC_HAS_SCALING_LISTS", VAConfigAttribValEncHEVCFeatures, scaling_lists);
    FLAG("HEVC_HAS_AMP", VAConfigAttribValEncHEVCFeatures, amp);
    FLAG("HEVC_HAS_SAO", VAConfigAttribValEncHEVCFeatures, sao);
    FLAG("HEVC_HAS_PCM", VAConfigAttribValEncHEVCFeatures, pcm);
    FLAG("HEVC_HAS_TEMPORAL_MVP", VAConfigAttribValEncHEVCFeatures, temporal_mvp);
    FLAG("HEVC_HAS_STRONG_INTRA", VAConfigAttribValEncHEVCFeatures, strong_intra_smoothing);
    FLAG("HEVC_HAS_DEPENDENT_SLICES", VAConfigAttribValEncHEVCFeatures, dependent_slices);
    FLAG("HEVC_HAS_SIGN_HIDING", VAConfigAttribValEncHEVCFeatures, sign_data_hiding);
    FLAG("HEVC_HAS_CONSTRAINED_INTRA", VAConfigAttribValEncHEVCFeatures, constrained_intra_pred);
    FLAG("HEVC_HAS_TRANSFORM_SKIP", VAConfigAttribValEncHEVCFeatures, transform_skip);
    FLAG("HEVC_HAS_CU_QP_DELTA", VAConfigAttribValEncHEVCFeatures, cu_qp_delta);
    FLAG("HEVC_HAS_WEIGHTS", VAConfigAttribValEncHEVCFeatures, weighted_prediction);
    FLAG("HEVC_HAS_BYPASS", VAConfigAttribValEncHEVCFeatures, transquant_bypass);
    FLAG("HEVC_HAS_NO_DEBLOCKING", VAConfigAttribValEncHEVCFeatures, deblocking_filter_disable);
    FLAG("HEVC_BLOCKS_MAX_CTB", VAConfigAttribValEncHEVCBlockSizes,
         log2_max_coding_tree_block_size_minus3);
    FLAG("HEVC_BLOCKS_MIN_CB", VAConfigAttribValEncHEVCBlockSizes,
         log2_min_luma_coding_block_size_minus3);
    FLAG("HEVC_BLOCKS_MAX_TB", VAConfigAttribValEncHEVCBlockSizes,
         log2_max_luma_transform_block_size_minus2);
    FLAG("HEVC_BLOCKS_MIN_TB", VAConfigAttribValEncHEVCBlockSizes,
         log2_min_luma_transform_block_size_minus2);
    FLAG("HEVC_BLOCKS_DEPTH_INTER", VAConfigAttribValEncHEVCBlockSizes,
         max_max_transform_hierarchy_depth_inter);
    FLAG("HEVC_BLOCKS_DEPTH_INTRA", VAConfigAttribValEncHEVCBlockSizes,
         max_max_transform_hierarchy_depth_intra);
    VALUE("HEVC_NONE", VA_PICTURE_HEVC_INVALID);
    VALUE("HEVC_BEFORE", VA_PICTURE_HEVC_RPS_ST_CURR_BEFORE);
    return 0;
}
